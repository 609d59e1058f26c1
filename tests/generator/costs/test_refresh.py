"""`make prices` against answers of the shape that the Price List Query API gives, served on loopback, two products a page."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from generator.costs.prices import FILE, from_json

ROOT = Path(__file__).resolve().parents[3]
PRODUCTS = json.loads((Path(__file__).parent / "price_list.json").read_text())


class PriceList(BaseHTTPRequestHandler):
    """GetProducts: filters by attribute as the service does, and gives two products a page."""

    broken = False

    def do_POST(self):
        """Answer one page."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["X-Amz-Target"] == "AWSPriceListService.GetProducts"
        if self.server.broken:
            return self.answer(
                400, {"__type": "AccessDeniedException", "message": "not authorized to perform pricing:GetProducts"}
            )
        wanted = {each["Field"]: each["Value"] for each in asked["Filters"]}
        fits = [
            each for each in PRODUCTS.get(asked["ServiceCode"], [])
            if all(
                {**each["product"]["attributes"], "productFamily": each["product"]["productFamily"]}.get(field) == value
                for field, value in wanted.items()
            )
        ]  # fmt: skip
        start = int(asked.get("NextToken", 0))
        page = {"FormatVersion": "aws_v1", "PriceList": [json.dumps(each) for each in fits[start : start + 2]]}
        if start + 2 < len(fits):
            page["NextToken"] = str(start + 2)
        return self.answer(200, page)

    def answer(self, status, body):
        """Send JSON."""
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments):
        """Be quiet."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """The Price List on a free port."""
    found = ThreadingHTTPServer(("127.0.0.1", 0), PriceList)
    found.broken = False
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def table(tmp_path) -> Path:
    """A copy of the table."""
    return Path(shutil.copy(FILE, tmp_path / "prices.json"))


def refresh(server, table):
    """Run the command."""
    environment = {
        **os.environ, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}", "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "PYTHONPATH": str(ROOT), "AWS_MAX_ATTEMPTS": "1",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts/refresh_prices.py"), "--table", str(table)],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip


def test_prices_are_read_by_their_usage_type(server, table):
    """Decoys are passed over, units turned into ours, free tiers skipped; what changed is said, the rest stays."""
    before = json.loads(table.read_text())

    result = refresh(server, table)

    assert result.returncode == 0, result.stderr
    found = json.loads(table.read_text())
    home = found["Regions"]["us-east-1"]
    assert home["nat-hour"] == {"USD": 0.047, "Source": "list-AmazonEC2", "Sku": "M2YSHUBETB3JX4M4"}
    assert home["ebs-gp3-mibps-month"]["USD"] == 0.04
    assert home["transfer-out-gb"]["USD"] == 0.09
    assert home["kms-10k-requests"]["USD"] == 0.03
    assert found["Regions"]["eu-west-1"]["alb-lcu-hour"]["Sku"] == "EUONDEMAND000001"
    assert found["Regions"]["any"]["dns-million-queries"]["USD"] == 0.4
    # One price for all regions: every region's row is read, and they agree.
    assert found["Regions"]["any"]["ec2-t3-credit-hour"] == {
        "USD": 0.05,
        "Source": "list-AmazonEC2",
        "Sku": "DHXM9J4FT38HQAQ6",
    }
    assert found["Regions"]["sa-east-1"]["nat-hour"]["USD"] == 0.093
    assert home["efs-standard-gb-month"] == before["Regions"]["us-east-1"]["efs-standard-gb-month"]
    assert home["kms-key-month"]["USD"] == 1.0
    lines = result.stdout.splitlines()
    assert [each for each in lines if each.startswith("changed")] == ["changed  us-east-1 nat-hour: 0.045 -> 0.047"]
    assert "kept     us-east-1 kms-key-month: is in the list with 1, 2; the old price stays" in lines
    assert "kept     us-east-1 efs-standard-gb-month: is not in the list; the old price stays" in lines
    assert any(each.startswith("8 prices read, 1 changed") for each in lines)
    assert from_json(found).find("us-east-1", "nat-hour").dollars == 0.047


def test_a_list_that_cannot_be_read_changes_nothing(server, table):
    """One clear line, exit 1, the file as it was and nothing beside it."""
    server.broken = True
    before = table.read_bytes()

    result = refresh(server, table)

    assert result.returncode == 1
    assert "make prices: the price list could not be read, nothing is changed" in result.stderr
    assert "Traceback" not in result.stderr
    assert table.read_bytes() == before
    assert list(table.parent.iterdir()) == [table]
