"""What a person does about each rule a record can break at the border."""

from typing import Final

REMEDIES: Final = {
    "required": "Fill this field in the source system.",
    "known_value": "Use one of the values this field may have, or map the vendor's value.",
    "text_length": "Shorten the text in the source system; ids must not be empty.",
    "no_control_characters": "Remove invisible control characters in the source system.",
    "format": "Correct the format in the source system.",
    "not_below_limit": "Correct the value in the source system: it is below what is plausible.",
    "not_above_limit": "Correct the value in the source system: it is above what is plausible.",
    "type": "The connector read another type than the contract declares; check its mapping.",
    "value_fits_type": "The value has more digits than the contract keeps, or is not finite.",
    "unknown_column": "The connector filled a column the contract does not know; correct it.",
    "has_a_day": "Give the entry a date, or a start time, in the source system.",
    "cap_has_currency": "Give the project a currency.",
    "amount_has_currency": "Give the amount a currency.",
    "standing_was_posted": "A document that counts in the books was posted; map its state anew.",
    "ends_after_it_starts": "Correct the dates: the end lies before the start.",
    "duplicate_external_id": "Two records claim this id; correct or delete one in the source.",
    "work_date_needs_time_zone": "Give the resource a time zone in the source system.",
}
