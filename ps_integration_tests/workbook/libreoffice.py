"""Opens a workbook in LibreOffice without a window, edits cells as a person would, saves it."""

import shutil
import subprocess
from xml.sax.saxutils import escape

import pytest

PROGRAM = shutil.which("soffice")
PACKAGE = "libreoffice-calc-nogui"
needed = pytest.mark.skipif(PROGRAM is None, reason=f"no soffice here; install {PACKAGE}")
_SECONDS_MAX = 120

_MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Work"
 script:language="StarBasic">{code}</script:module>
"""
_LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "library.dtd">
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard"
 library:readonly="false" library:passwordprotected="false">{element}</library:library>
"""
_CODE = """
Function Prop(n, v)
    Dim p As New com.sun.star.beans.PropertyValue
    p.Name = n : p.Value = v
    Prop = p
End Function
Sub Work
    Dim doc, sheet, found, note
    On Error GoTo Failed
    doc = StarDesktop.loadComponentFromURL("{source}", "_blank", 0, Array(Prop("Hidden", True)))
    sheet = doc.Sheets.getByName("{sheet}")
{lines}
    doc.storeToURL("{target}", Array(Prop("FilterName", "Calc MS Excel 2007 XML")))
    doc.close(True)
Failed:
    StarDesktop.terminate()
End Sub
"""


def make_profile(folder):
    """A profile of one's own; the program fills it when it starts for the first time."""
    _start(folder, "--terminate_after_init")
    return folder


def edit(profile, folder, data, *lines, sheet="Exceptions"):
    """The bytes of the workbook after these lines of Basic, in which `sheet` is the sheet."""
    source, target = folder / "out.xlsx", folder / "back.xlsx"
    source.write_bytes(data)
    library = profile / "user" / "basic" / "Standard"
    code = _CODE.format(
        source=source.as_uri(), target=target.as_uri(), sheet=sheet,
        lines="\n".join(f"    {x}" for x in lines),
    )  # fmt: skip
    (library / "Work.xba").write_text(_MODULE.format(code=escape(code)))
    element = '<library:element library:name="Work"/>'
    (library / "script.xlb").write_text(_LIBRARY.format(element=element))
    _start(profile, "macro:///Standard.Work.Work")
    return target.read_bytes()


def _start(profile, *arguments):
    subprocess.run(
        [
            PROGRAM, "--headless", "--norestore", "--nologo",
            f"-env:UserInstallation={profile.as_uri()}", *arguments,
        ],
        check=True, capture_output=True, timeout=_SECONDS_MAX,
    )  # fmt: skip
