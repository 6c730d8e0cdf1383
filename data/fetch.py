"""`make data`: ask each instrument's vendors in order, check what came, compare it with what was there, freeze it.

The first vendor that delivers is priced. Of the later ones only those on another clock are asked: Bitcoin at 16:00 New
York comes without the volumes that its UTC day has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from data.errors import QualityError, SourceError, StudyError
from data.schema import validate
from data.snapshot import SNAPSHOTS, SnapshotFolder, freeze, snapshots, writing
from data.snapshot_diff import SnapshotDiff, compare
from data.sources.candles import Progress, binance, bitstamp, coinbase
from data.sources.cboe import Cboe
from data.sources.faults import TEMPORARY
from data.sources.fred import Fred
from data.sources.packaged import PackagedSeries
from data.sources.protocol import Delivery
from data.sources.vendors import VendorClient
from data.sources.web import Web
from data.sources.yahoo import Yahoo
from data.study import CsvFile, Instrument, Study, Vendor

PAGES = ".pages"
NEW_YORK = ZoneInfo("America/New_York")
SETTLED = 17
"""Hour in New York from which a session's bar is taken as finished."""


@dataclass(frozen=True)
class Fetched:
    """What a run of `make data` did.

    Attributes
    ----------
    folder : Path
        The snapshot that now stands for the date.
    diff : SnapshotDiff or None
        Against the newest snapshot up to the same date, None where there was none that could be read.
    failed : mapping of id to reason
        Optional instruments that no vendor delivered.
    notes : mapping of id to note
        Instruments that came from another vendor than their first.
    """

    folder: Path
    diff: SnapshotDiff | None
    failed: Mapping[str, str]
    notes: Mapping[str, str]


class UnfetchedError(SourceError):
    """A required instrument that no vendor delivered; worth another try if every cause is temporary."""

    def __init__(self, instrument: Instrument, causes: list[StudyError]) -> None:
        self.exit_code = TEMPORARY if all(cause.exit_code == TEMPORARY for cause in causes) else 2
        told = "; ".join(f"{cause.culprit} {cause.problem}" for cause in causes) or "it has no vendor"
        super().__init__(instrument.id, told, causes[-1].remedy if causes else "Give it vendors in the study file.")


class Packaged:
    """The series inside the arch package, as a vendor that is always there."""

    def fetch(self, vendor: Vendor, as_of: date) -> Delivery:
        """Deliver the packaged series up to `as_of`."""
        instrument = Instrument(id=vendor.symbol, role="market", name=vendor.symbol, vendors=(vendor,))
        delivery = PackagedSeries().read(instrument)
        return replace(delivery, frame=delivery.frame.loc[: pd.Timestamp(as_of)])


def vendor_clients(
    folder: Path = SNAPSHOTS, web: Web | None = None, progress: Progress = lambda _: None
) -> dict[str, VendorClient]:
    """A client for each vendor a study file may name; `progress` is told what takes long."""
    web = web or Web()
    pages = folder / PAGES
    return {
        "yahoo": Yahoo(),
        "fred": Fred(web),
        "cboe": Cboe(web),
        "bitstamp": bitstamp(web, keep=pages, progress=progress),
        "coinbase": coinbase(web, keep=pages, progress=progress),
        "binance": binance(web, keep=pages, progress=progress),
        "packaged": Packaged(),
    }


def fetch_snapshot(
    study: Study,
    as_of: date | None = None,
    *,
    clients: Mapping[str, VendorClient] | None = None,
    folder: Path = SNAPSHOTS,
    now: datetime | None = None,
    progress: Progress = lambda _: None,
) -> Fetched:
    """Download every instrument of a study and freeze it.

    Parameters
    ----------
    study : Study
    as_of : date, optional
        Nothing after it is kept; today without it. Where a vendor keeps vintages they are asked for.
    clients : mapping of vendor to client, optional
        The real ones without it.
    folder : Path
        Where snapshots stand.
    now : datetime, optional
        The present, with a zone; bars that are still trading then are left out.
    progress : callable
        Told one line a stage.

    Raises
    ------
    UnfetchedError
        If no vendor delivers a required instrument; nothing is written then.
    LockedError
        If another run is writing.
    """
    present = now or datetime.now(UTC)
    cut = min(as_of or present.date(), present.date())
    with writing(folder):
        served = clients or vendor_clients(folder, progress=progress)
        deliveries, failed = _fetch_all(study, cut, served, present, progress)
        before = next((path for path in reversed(snapshots(folder)) if path.name[:10] <= cut.isoformat()), None)
        diff = _diff(study, before, deliveries, progress) if before is not None else None
        target = freeze(deliveries, failed, as_of=cut, fetched=present.date(), study_sha256=study.sha256, folder=folder)
        progress(f"frozen: {len(deliveries)} series in {target.name}")
    notes = {key: delivery.note for key, delivery in deliveries.items() if delivery.note}
    return Fetched(target, diff, failed, notes)


def _fetch_all(
    study: Study, as_of: date, clients: Mapping[str, VendorClient], now: datetime, progress: Progress
) -> tuple[dict[str, Delivery], dict[str, str]]:
    deliveries: dict[str, Delivery] = {}
    failed: dict[str, str] = {}
    for instrument in study.instruments:
        causes: list[StudyError] = []
        clocks: dict[str, Delivery] = {}
        tried = 0
        for vendor in instrument.vendors:
            if vendor.stamp in clocks:
                continue
            try:
                fetched = clients[vendor.vendor].fetch(vendor, as_of)
                delivery = finished(told_vintage(fetched, as_of, now), instrument, now)
                validate(delivery, instrument)
            except (SourceError, QualityError) as error:
                causes.append(error)
                progress(f"{instrument.id}: {error}")
                continue
            if not clocks:
                delivery, tried = replace(delivery, note=_note(vendor, causes)), len(causes)
            clocks[vendor.stamp] = delivery
            last = delivery.frame.index[-1]
            progress(f"{instrument.id}: {vendor.vendor} {vendor.symbol}, {len(delivery.frame)} rows to {last:%Y-%m-%d}")
        if clocks:
            first, *others = clocks.values()
            missing = tuple(f"not fetched beside it: {cause.culprit} {cause.problem}" for cause in causes[tried:])
            witnesses, silent = _witnesses(instrument, as_of, clients, now)
            deliveries[instrument.id] = replace(
                first,
                alternatives=tuple(replace(one, agreement=_expected(instrument, one)) for one in others),
                cross_checks=witnesses,
                remarks=first.remarks + missing + silent,
            )
        elif instrument.required:
            raise UnfetchedError(instrument, causes)
        else:
            failed[instrument.id] = "; ".join(f"{cause.culprit} {cause.problem}" for cause in causes) or "no vendor"
    return deliveries, failed


def _witnesses(
    instrument: Instrument, as_of: date, clients: Mapping[str, VendorClient], now: datetime
) -> tuple[tuple[Delivery, ...], tuple[str, ...]]:
    """Series that the instrument is only compared with, and why others are not there."""
    found: list[Delivery] = []
    silent: list[str] = []
    for check in instrument.cross_checks:
        if check.vendor is None:
            continue
        try:
            delivery = finished(clients[check.vendor.vendor].fetch(check.vendor, as_of), instrument, now)
            validate(delivery, instrument)
        except (SourceError, QualityError) as error:
            silent.append(f"not compared: {error.culprit} {error.problem}")
            continue
        found.append(replace(delivery, agreement=check.agreement))
    return tuple(found), tuple(silent)


def _expected(instrument: Instrument, alternative: Delivery) -> float:
    """Agreement that the study expects of a file on the same clock."""
    stamp = alternative.origin.stamp
    return next((file.agreement for file in instrument.files if file.stamp == stamp), CsvFile(name="").agreement)


def _note(vendor: Vendor, causes: list[StudyError]) -> str:
    if not causes:
        return ""
    return f"from {vendor.vendor}, as " + "; ".join(f"{cause.culprit} {cause.problem}" for cause in causes)


def told_vintage(delivery: Delivery, as_of: date, now: datetime) -> Delivery:
    """Say of values that are not those of a past as-of date that they are today's."""
    if delivery.point_in_time or as_of >= now.astimezone(NEW_YORK).date():
        return delivery
    remark = f"not as it was known on {as_of}: today's values cut there, with revisions and dividends since then"
    return replace(delivery, remarks=(*delivery.remarks, remark))


def finished(delivery: Delivery, instrument: Instrument, now: datetime) -> Delivery:
    """Leave out a last bar that is still trading at `now`, and say so.

    A day on UTC's clock is over at midnight UTC, a session at `SETTLED` in New York. Closes at 16:00 New York are made
    from finished hours only.

    Raises
    ------
    QualityError
        If nothing is left.
    """
    stamp = delivery.origin.stamp
    if stamp == "ny16" or instrument.frequency != "daily":
        return delivery
    if stamp == "utc00":
        over = now.astimezone(UTC).date() - timedelta(days=1)
    else:
        local = now.astimezone(NEW_YORK)
        over = local.date() if local.hour >= SETTLED else local.date() - timedelta(days=1)
    kept = delivery.frame.loc[: pd.Timestamp(over)]
    dropped = len(delivery.frame) - len(kept)
    if not dropped:
        return delivery
    if kept.empty:
        raise QualityError(instrument.id, "holds nothing but a bar that is still trading", "Check the symbol.")
    remark = f"the bar of {delivery.frame.index[-1]:%Y-%m-%d} was still trading and was left out"
    return replace(delivery, frame=kept, remarks=(*delivery.remarks, remark))


def _diff(study: Study, before: Path, deliveries: Mapping[str, Delivery], progress: Progress) -> SnapshotDiff | None:
    instruments = {instrument.id: instrument for instrument in study.instruments}
    try:
        source = SnapshotFolder(before)
        old = {key: source.read(instruments[key]) for key in source.manifest.series if key in instruments}
    except SourceError as error:
        progress(f"not compared with {before.name}: {error}")
        return None
    return compare(old, deliveries, instruments)
