"""What is said of a trip: its statistics and its grade, from the samples of the drive (docs trip-services)."""

import itertools
import math
from dataclasses import dataclass

from sandbox.world.driving.drives import Drive, Sample
from sandbox.world.driving.engine import Engine
from sandbox.world.town.map import METRES_PER_DEGREE

MILES_PER_GALLON = 235.214583  # divided by litres for 100 km
PREVIEW_POINTS = 60
STANDING = 0.6  # m/s
# A trip of less than this is not worth a grade.
LEAST_GRADED_M = 400.0


@dataclass(frozen=True, slots=True)
class TripStatistics:
    """Speeds in km/h, lengths in metres, load in percent, fuel in litres, economy in miles for a US gallon."""

    average_load: float
    average_moving_speed: float
    average_speed: float
    has_all_locations: bool
    distance_by_gps: float
    distance_by_speed: float
    duration_ms: int
    fuel_l: float
    fuel_economy: float
    hard_accelerations: int
    hard_brakings: int
    locations: int
    top_speed: int
    messages: int
    deviation: float
    stops: int


def statistics_of(drive: Drive, engine: Engine, up_to_ms: int) -> TripStatistics | None:
    """Return the statistics of a drive up to an instant; None without two messages."""
    samples = [one for one in drive.samples() if one.timestamp_ms <= up_to_ms]
    if len(samples) < 2:
        return None
    duration = samples[-1].timestamp_ms - drive.start_ms
    way = samples[-1].way_m - samples[0].way_m
    speeds = [one.speed * 3.6 for one in samples]
    moving = [one for one in speeds if one > STANDING * 3.6]
    powers = [engine.power_at(one) for one in samples]
    # A run that is faster than real time burns and drives as a real car does in the time that it stands for.
    fuel = drive.rush * _fuel(samples, [engine.fuel_rate(power) for power in powers])
    hours = duration * drive.rush / 3_600_000
    average = way / 1000 / hours if hours else 0.0
    # As if the time stood were that of the samples that stand.
    average_moving = min(average * len(speeds) / len(moving), max(speeds)) if moving else 0.0
    per_100_km = fuel / (way / 100_000) if way > 1 else 0.0
    up, down = drive.hard_manoeuvres(up_to_ms)
    positions = [one.position for one in samples if one.position is not None]
    return TripStatistics(
        average_load=round(math.fsum(map(engine.load, samples, powers)) / len(samples), 4),
        average_moving_speed=round(average_moving, 4),
        average_speed=round(average, 4),
        has_all_locations=len(positions) == len(samples),
        distance_by_gps=round(_length(positions), 3),
        distance_by_speed=round(way, 3),
        duration_ms=duration,
        fuel_l=round(fuel, 6),
        fuel_economy=round(MILES_PER_GALLON / per_100_km, 3) if per_100_km else 0.0,
        hard_accelerations=up,
        hard_brakings=down,
        locations=len(positions),
        top_speed=round(max(speeds)),
        messages=len(samples),
        deviation=round(_deviation(moving), 4),
        stops=sum(before.speed > STANDING >= after.speed for before, after in itertools.pairwise(samples)),
    )


def preview_of(drive: Drive, up_to_ms: int) -> list[tuple[float, float]]:
    """Return some positions of a drive, the first and the last among them."""
    found = [one.position for one in drive.samples() if one.position and one.timestamp_ms <= up_to_ms]
    step = max(1, len(found) // PREVIEW_POINTS)
    return found[:-1:step] + found[-1:]


def grade_of(drive: Drive) -> str:
    """Return the grade of a trip: A to D and F by what happens each 10 km, I for one that is too short."""
    if drive.length_m < LEAST_GRADED_M or drive.duration_ms < 60_000:
        return "I"
    up, down = drive.hard_manoeuvres(drive.stop_ms)
    faults = (up + 1.5 * down) / (drive.length_m / 10_000) + (6 if drive.pace > 1.03 else 0)
    return next((grade for grade, most in (("A", 6), ("B", 11), ("C", 18), ("D", 26)) if faults <= most), "F")


def _deviation(values: list[float]) -> float:
    """Return the standard deviation of values; 0 without any."""
    if not values:
        return 0.0
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))


def _fuel(samples: list[Sample], rates: list[float]) -> float:
    """Return the litres that were burnt; ``rates`` are litres in an hour at each sample."""
    litres = 0.0
    for number in range(1, len(samples)):
        hours = (samples[number].timestamp_ms - samples[number - 1].timestamp_ms) / 3_600_000
        litres += (rates[number - 1] + rates[number]) / 2 * hours
    return litres


def _length(positions: list[tuple[float, float]]) -> float:
    metres = 0.0
    for (lon, lat), (to_lon, to_lat) in itertools.pairwise(positions):
        east = (to_lon - lon) * METRES_PER_DEGREE * math.cos(math.radians(lat))
        metres += math.hypot(east, (to_lat - lat) * METRES_PER_DEGREE)
    return metres
