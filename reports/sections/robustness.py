"""Long studies: what they found for this study and these data, or that there is none."""

from __future__ import annotations

from models.long_study import LongResult
from reports.document import Block, Cell, Code, Column, Note, Paragraph, Section, Table, cell
from reports.evidence import QuotedStudy
from reports.setting import Setting
from reports.text import NOT_APPLICABLE, capitalised, number, sentence, tidy


def robustness_section(setting: Setting) -> Section | None:
    """One part for each long study."""
    quoted = setting.evidence.robustness
    if not quoted:
        return None
    lead = Paragraph(
        (
            "These take too long for every edition. ",
            Code("make robustness"),
            " computes them; an edition quotes the newest result for its study and data.",
        ),
        lead=True,
    )
    absent = [one.title for one in quoted if one.result is None]
    found = tuple(_part(one, one.result, setting) for one in quoted if one.result is not None)
    blocks: list[Block] = [lead]
    if absent:
        blocks.append(Paragraph((f"None yet for this study and these data: {'; '.join(absent)}.",)))
    return Section("robustness", "Long studies", tuple(blocks), found)


def _part(one: QuotedStudy, result: LongResult, setting: Setting) -> Section:
    key = f"robustness-{one.name}"
    table = Table(
        key=f"{key}-table",
        title=one.title,
        columns=tuple(
            Column(capitalised(head), "text" if any(isinstance(row[i], str) for row in result.rows) else "number")
            for i, head in enumerate(result.columns)
        ),
        rows=tuple(tuple(_cell(entry) for entry in row) for row in result.rows),
        source=setting.source(),
        note=sentence(tidy(result.method)),
        style="compact",
    )
    blocks: list[Block] = [Paragraph((" ".join(tidy(sentence(said)) for said in result.sentences),)), table]
    if not one.same_code:
        blocks.append(Note("Older code", ("The code of data or models has changed since this was computed.",), "warn"))
    return Section(key, one.title, tuple(blocks))


#: Smaller numbers than this say no more.
_SMALLEST = 0.001


def _cell(entry: str | float | None) -> Cell:
    """Text as it is; a number with what it needs of decimals."""
    if entry is None:
        return cell(NOT_APPLICABLE)
    if isinstance(entry, str):
        return cell(tidy(entry))
    if 0.0 < entry < _SMALLEST:
        return cell(f"< {number(_SMALLEST, 3)}", entry)
    whole = float(entry).is_integer()
    return cell(number(entry, 0 if whole else 3 if abs(entry) < 0.1 else 2), entry)
