"""Names that try to break the page, table or log that shows them.

No name holds NUL. A client may refuse a whole response because of it and then show none of the other names.
"""

from dataclasses import replace

from sandbox.world.catalogue import CarModel

FIRST_NAME = "<script>alert('first name')</script>"
LAST_NAME = (
    'O’Neil" onload="alert(1)\r\nX-Hostile: 1 \u202eeman\u202c ' + "a\u0301\u0316\u0489" * 12 + "W" * 200
)

DEVICE_NAMES = (
    "<script>alert('device')</script>",
    "\"><img src=x onerror=alert('device')>",
    "' onmouseover='alert(1)' x='",
    "{{ 7 * 7 }} ${7 * 7} %(name)s %0d%0a &lt;b&gt;",
    "\u202egnp.edirrevo\u202c \u2066isolated\u2069 \u200fmarked",
    "Z\u0351\u036b\u0343\u0316\u0489a\u0334\u0315\u0358l\u0336\u0322\u035dg\u0321\u0489o\u0335\u031b",
    "two\r\nlines\r\nSet-Cookie: hostile=1",
    "Donaudampfschifffahrt" * 15,
    None,
    "",
    " \t ",
    "\u0007bell \u001b[31mred \u0008\u007f",
    '=HYPERLINK("https://evil.example/","csv")',
    "</title></textarea></script><!--",
    "javascript:alert(1)//\\",
    "\U0001f697\u200d\U0001f525 \u200b\u2028\u2029\ufeff\ufffd",
)
MAKES = ("<b>Make</b>", '"><svg onload=alert(1)>', "\u202eekam\u202c", "M" * 300, "", "a\r\nb: c")
MODELS = ("</td></table>Model", "' autofocus onfocus='alert(1)", "M\u0308\u0323\u0489odel", "", "x" * 300)
TRIMS = ("<i>trim</i>", "\u001b[1m", "\\u003cscript\\u003e", "")


def with_hostile_names(kind: CarModel, number: int) -> CarModel:
    """Return ``kind`` with hostile make, model and trims, chosen by ``number`` alone."""
    make, model = MAKES[number % len(MAKES)], MODELS[number % len(MODELS)]
    return replace(kind, make=make, model=model, trims=TRIMS)
