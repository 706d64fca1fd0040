import datetime as dt
from pathlib import Path


def gather(day: dt.date) -> list[str]:
    return [day.isoformat()]


def sign(day: dt.date, folder: Path = Path("/var/audit")) -> str:
    return str(folder / day.isoformat())
