"""The errors of this product, by what a person or a retry must do next."""


class PsIntegrationError(Exception):
    """Anything this product refuses; the message says where, what and what to do."""


class FixConfigError(PsIntegrationError):
    """A person must change settings or credentials; retrying cannot help."""


class RetryLaterError(PsIntegrationError):
    """The far side is busy or out of reach; the same call may succeed later.

    Attributes:
        retry_after_seconds: What the far side asked for, when it asked.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class BadAnswerError(PsIntegrationError):
    """The far side answered with something that cannot be read as its own format."""


class ColumnsMissingError(BadAnswerError):
    """A file has not the columns that the firm file declares."""


class AskFinanceError(PsIntegrationError):
    """The books say no: a person of finance must decide."""


class CouldNotRunError(PsIntegrationError):
    """A step or a rule could not run, which is not the same as finding nothing."""


class WarehouseDamagedError(CouldNotRunError):
    """The warehouse file cannot be read: a damaged block, or no file of that kind."""


class StatementRefusedError(PsIntegrationError):
    """The warehouse refused one statement: wrong SQL, a missing table, or no memory left."""
