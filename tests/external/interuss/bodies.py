"""Request bodies that InterUSS's prober reads from files which its package on PyPI does not hold.

The prober's tests say what each body must be refused or taken for; the bodies here are ours. Times are given from now
on, where the prober does not move them itself.
"""

import copy
import datetime
import json
import os
import pathlib

NOBODYS = "6cd46b3a-19ab-40e5-a0b1-4a8bcbaf1d01"


def at(minutes):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    return {"value": when.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "format": "RFC3339"}


def height(metres, units="M", reference="W84"):
    return {"value": metres, "reference": reference, "units": units}


def square(lat, lng, side):
    corners = ((lat, lng), (lat, lng + side), (lat + side, lng + side), (lat + side, lng))
    return [{"lat": a, "lng": b} for a, b in corners]


def volume(vertices, low=50, high=150, start=2, end=40):
    return {
        "volume": {
            "outline_polygon": {"vertices": vertices},
            "altitude_lower": height(low),
            "altitude_upper": height(high),
        },
        "time_start": at(start),
        "time_end": at(end),
    }


def area(**changes):
    return {"area_of_interest": volume(**{"vertices": square(46.2, 7.0, 0.01), **changes})}


def intent(**changes):
    return {
        "extents": [volume(**{"vertices": square(46.3, 7.1, 0.01), **changes})],
        "key": [],
        "state": "Accepted",
        "uss_base_url": "https://uss.test/utm",
        "new_subscription": {"uss_base_url": "https://uss.test/utm", "notify_for_constraints": False},
    }


def with_change(body, change):
    body = copy.deepcopy(body)
    change(body)
    return body


def bodies():
    low = lambda body: body["area_of_interest"]["volume"]["altitude_lower"]
    outline = lambda body: body["extents"][0]["volume"]["outline_polygon"]["vertices"]
    bow_tie = square(46.3, 7.1, 0.01)
    bow_tie[1], bow_tie[2] = bow_tie[2], bow_tie[1]
    line = [{"lat": 46.2, "lng": 7.0}, {"lat": 46.2, "lng": 7.01}, {"lat": 46.2, "lng": 7.0}]
    climb = square(46.4, 7.3, 0.01)
    return {
        "op_request_1.json": intent(),
        "op_request_2.json": intent(vertices=bow_tie),
        "op_request_3.json": area(vertices=line),
        # Clockwise and just below the limit: not the rest of the Earth.
        "op_request_4.json": area(vertices=square(46.0, 7.0, 0.4)[::-1]),
        "op_ref_area_too_large.json": area(vertices=square(46.0, 7.0, 1.0)),
        "op_big_operation.json": area(vertices=square(46.0, 7.0, 0.8)),
        "op_ref_start_end_times_past.json": area(start=-90, end=-60),
        "op_ref_incorrect_units.json": with_change(area(), lambda body: low(body).update(units="FT")),
        "op_ref_incorrect_altitude_ref.json": with_change(area(), lambda body: low(body).update(reference="AGL")),
        "op_uss_base_url_non_tls.json": {**intent(), "uss_base_url": "http://uss.test/utm"},
        "op_bad_subscription.json": with_change(
            intent(),
            lambda body: (body.pop("new_subscription"), body.update(subscription_id=NOBODYS)),
        ),
        "op_new_and_existing_subscription.json": {**intent(), "subscription_id": NOBODYS},
        "op_end_time_past.json": intent(start=-60, end=-30),
        "op_400_version1.json": {**intent(), "state": "Activated", "old_version": 1},
        "op_bad_state_version0.json": {**intent(), "state": "Planned", "old_version": 0},
        "op_bad_lat_lon_range.json": with_change(intent(), lambda body: outline(body)[0].update(lat=446.3, lng=187.1)),
        "op_area_too_large_put.json": intent(vertices=square(46.0, 7.0, 1.0)),
        "op_bad_time_format.json": with_change(
            intent(), lambda body: body["extents"][0]["time_start"].update(value="2026-13-32 25:61")
        ),
        "op_bad_volume.json": with_change(intent(), lambda body: body["extents"][0]["volume"].pop("outline_polygon")),
        # The first lies above the second until it is changed to come down on it; the query looks above both floors.
        "op_missing_initial.yaml": intent(vertices=climb, low=600, high=700),
        "op_missing_preexisting_unknown.yaml": intent(vertices=climb, low=400, high=570),
        "op_missing_update.json": with_change(
            intent(vertices=climb, low=500, high=700), lambda body: body.pop("new_subscription")
        ),
        "op_missing_query.json": area(vertices=climb, low=592, high=700),
    }


def put(path, text):
    """At once: another run of the suite may be reading it."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.write_text(text)
    new.replace(path)


def write(prober):
    """Into the folder of the prober. YAML reads JSON."""
    folder = pathlib.Path(prober) / "scd" / "resources"
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in bodies().items():
        put(folder / name, json.dumps(body))
