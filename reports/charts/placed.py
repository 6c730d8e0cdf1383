"""Charts whose marks and words stand at computed places of the picture, without axes."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from reports.charts.style import FULL_WIDTH, Chart, Record, finished, named, picture_height

#: Fields of a record that say where it stands, in pixels from the top left.
X, Y = alt.X("x:Q", scale=None, axis=None), alt.Y("y:Q", scale=None, axis=None)
#: Field of a record that holds its colour.
COLOR = alt.Color("color:N", scale=None)


def word(text: str, x: float, y: float, align: str, color: str, weight: int = 400) -> Record:
    """A text at its place."""
    return {"text": text, "x": round(x, 1), "y": round(y, 1), "align": align, "color": color, "weight": weight}


def word_layers(
    name: str, alignments: Sequence[str] = ("left", "center", "right"), size: float = 10.5
) -> list[alt.Chart]:
    """Layers that write the words of a data set; alignment and weight are no encodings, so each pair has a layer."""
    return [
        alt.Chart(named(name))
        .transform_filter(f"datum.align == '{align}' && datum.weight == {weight}")
        .mark_text(align=align, baseline="middle", fontWeight=weight, fontSize=size)
        .encode(x=X, y=Y, text=alt.Text("text:N"), color=COLOR)
        for align in alignments
        for weight in (400, 600)
    ]


def placed_chart(
    layers: Sequence[alt.Chart], data: dict[str, list[Record]], *, height: int, top: int, bottom: int
) -> Chart:
    """Layers over the full width, with room above and below."""
    spec = finished(layers, height=height, width=FULL_WIDTH, left=0, right=0, top=top, bottom=bottom)
    return Chart(spec, data, FULL_WIDTH, picture_height(spec))
