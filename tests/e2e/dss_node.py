"""The DSS of a real node for tests, and the OpenAPI files that every answer is held against.

Used by dss_test.py. Importing it ends the program, in order, where ../shared/specs or the Python packages yaml,
jsonschema and cryptography are missing.
"""

import base64
import datetime
import http.client
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

try:
    import jsonschema
    import yaml
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(0)

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPECS = ROOT.parent / "shared" / "specs"
if not SPECS.exists():
    print("skipped: ../shared/specs is not there")
    sys.exit(0)

SC = "utm.strategic_coordination"
CMSA = "utm.conformance_monitoring_sa"
CM = "utm.constraint_management"
CP = "utm.constraint_processing"
AA = "utm.availability_arbitration"
DP, SP = "rid.display_provider", "rid.service_provider"
READ, WRITE = "dss.read.identification_service_areas", "dss.write.identification_service_areas"
OTHERS_OVN = "Available from USS"
NO_SUBSCRIPTION = "00000000-0000-4000-8000-000000000000"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Keys:
    """One key of each algorithm, and tokens signed with them."""

    def __init__(self):
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.ed = ed25519.Ed25519PrivateKey.generate()

    def pem(self, key):
        return key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, algorithm, message):
        if algorithm == "RS256":
            return self.rsa.sign(message, padding.PKCS1v15(), hashes.SHA256())
        if algorithm == "ES256":
            r, s = utils.decode_dss_signature(self.ec.sign(message, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.ed.sign(message)

    def token(self, scope, sub="uss1", algorithm="RS256", header=None, **claims):
        now = int(time.time())
        body = {"iss": "https://auth.test", "aud": "dss.test", "sub": sub, "scope": scope, "exp": now + 600, "jti": "1"}
        body.update(claims)
        body = {key: value for key, value in body.items() if value is not None}
        text = ".".join(b64(json.dumps(part).encode()) for part in ({"alg": algorithm, **(header or {})}, body))
        return text + "." + b64(self.sign(algorithm, text.encode()))


class Specs:
    """What each path answers, from the OpenAPI files."""

    def __init__(self):
        self.routes = []
        for file, prefix in (
            ("f3548/utm_interuss_extensions.yaml", ""),
            ("f3411/f3411-22a.yaml", "/rid/v2"),
            ("f3411/f3411-19.yaml", ""),
            ("interuss/aux_.yaml", ""),
        ):
            document = yaml.safe_load((SPECS / file).read_text())
            for path, operations in document["paths"].items():
                pattern = re.compile("^" + re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(prefix + path)) + "$")
                self.routes.append((pattern, path.count("{"), operations, document))
        self.routes.sort(key=lambda route: route[1])

    def check(self, method, path, status, body):
        """None, or what is wrong with the answer."""
        path = path.split("?")[0]
        for pattern, _, operations, document in self.routes:
            if not pattern.match(path) or method.lower() not in operations:
                continue
            if status >= 500 or (status == 409 and "/uss_availability/" in path):
                return None
            answers = {str(code): answer for code, answer in operations[method.lower()]["responses"].items()}
            answer = answers.get(str(status))
            if answer is None:
                return f"{status} is no answer to {method} {path}"
            schema = answer.get("content", {}).get("application/json", {}).get("schema")
            if schema is None:
                return None
            whole = {**schema, "components": document["components"]}
            errors = list(jsonschema.Draft4Validator(whole).iter_errors(json.loads(body)))
            return str(errors[0]) if errors else None
        return f"{method} {path} is in no OpenAPI file"


def at(minutes=0):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def utc(minutes):
    return {"value": at(minutes), "format": "RFC3339"}


def height(metres):
    return {"value": metres, "reference": "W84", "units": "M"}


def square(lat, lng, side):
    return [
        {"lat": lat, "lng": lng},
        {"lat": lat, "lng": lng + side},
        {"lat": lat + side, "lng": lng + side},
        {"lat": lat + side, "lng": lng},
    ]


def volume(lat=47.0, lng=8.0, start=1, end=30, low=100, high=200, side=0.005):
    return {
        "volume": {
            "outline_polygon": {"vertices": square(lat, lng, side)},
            "altitude_lower": height(low),
            "altitude_upper": height(high),
        },
        "time_start": utc(start),
        "time_end": utc(end),
    }


def intent(*volumes, **fields):
    body = {"extents": list(volumes) or [volume()], "key": [], "state": "Accepted", "uss_base_url": "https://uss1.test"}
    body.update(fields)
    return body


def suffix(minutes=0):
    milliseconds = int((time.time() + 60 * minutes) * 1000)
    drawn = uuid.uuid4().int
    value = milliseconds << 80 | 7 << 76 | (drawn >> 64 & 0xFFF) << 64 | 2 << 62 | drawn & (1 << 62) - 1
    return str(uuid.UUID(int=value))


class Node:
    def __init__(self, folder, keys, extra=""):
        self.folder = pathlib.Path(folder)
        for name, key in (("rsa", keys.rsa), ("ec", keys.ec), ("ed", keys.ed)):
            (self.folder / f"{name}.pem").write_bytes(keys.pem(key))
        rules = (ROOT / "examples/rules/two-parties.toml").read_text()
        (self.folder / "rules.toml").write_text(rules)
        (self.folder / "node.toml").write_text(
            'rules_file = "rules.toml"\n[store]\ndirectory = "store"\ndisk_free_min_mib = 1\n'
            '[listen]\nport = 0\n[auth]\nissuer = "i"\naudience = "a"\nkey_files = ["rsa.pem"]\n'
            '[log]\nform = "json"\n'
            '[dss]\nenabled = true\nissuers = ["https://auth.test"]\naudiences = ["dss.test", "localhost"]\n'
            'key_files = ["rsa.pem", "ec.pem", "ed.pem"]\nlocality = "here"\ndar_id = "the-pool"\n' + extra
        )
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [sys.argv[2], "--config", str(self.folder / "node.toml")], stderr=subprocess.PIPE, text=True
        )
        for line in self.process.stderr:
            found = re.search(r'"port": ?(\d+)', line) if "listening" in line else None
            if found:
                self.port = int(found.group(1))
                self.reader = threading.Thread(target=self.process.stderr.read, daemon=True)
                self.reader.start()
                return
        raise AssertionError("the node did not start")

    def stop(self, kill=False):
        if self.process is None:
            return
        (self.process.kill if kill else self.process.terminate)()
        self.process.wait(30)
        self.reader.join()
        self.process.stderr.close()
        self.process = None


class DssCase(unittest.TestCase):
    extra = ""
    node_class = Node
    dar_id = "the-pool"
    localities = ("here",)

    @staticmethod
    def index(count):
        """The notification index of a subscription that was told so often."""
        return count

    @classmethod
    def setUpClass(cls):
        cls.specs = Specs()
        cls.keys = Keys()
        cls.temporary = tempfile.TemporaryDirectory(prefix="wideberth-dss-")
        cls.node = cls.node_class(cls.temporary.name, cls.keys, cls.extra)
        cls.node.start()
        cls.place = 0

    @classmethod
    def tearDownClass(cls):
        cls.node.stop()
        cls.temporary.cleanup()

    def setUp(self):
        # Each test in a place of its own.
        type(self).place += 1
        self.lat = 40 + 0.2 * type(self).place

    def raw(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.node.port, timeout=60)
        try:
            connection.request(method, path, None if body is None else body.encode(), headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def ask(self, method, path, body=None, scope=SC, sub="uss1", token=None, status=None):
        headers = {"Authorization": "Bearer " + (self.keys.token(scope, sub) if token is None else token)}
        if token == "":
            headers = {}
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        got, answer = self.raw(method, path, text, headers)
        wrong = self.specs.check(method, path, got, answer)
        self.assertIsNone(wrong, f"{method} {path}: {got} {answer[:600]}")
        if status is not None:
            self.assertEqual(got, status, f"{method} {path}: {answer[:600]}")
        return json.loads(answer)

    def put_intent(self, body, id=None, ovn="", status=None, **who):
        id = id or str(uuid.uuid4())
        path = f"/dss/v1/operational_intent_references/{id}" + (f"/{ovn}" if ovn else "")
        return self.ask("PUT", path, body, status=status or (200 if ovn else 201), **who)

    def here(self, **fields):
        return volume(lat=self.lat, **fields)

    def query(self, kind, area, status=200, **who):
        answer = self.ask("POST", f"/dss/v1/{kind}/query", {"area_of_interest": area}, status=status, **who)
        return next(iter(answer.values()))
