"""The play page loads on a bad connection: HTML, CSS and JavaScript together are at most 30 KB compressed."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.plays.dots import make_live_dot

LIMIT_BYTES = 30 * 1024


@pytest.mark.django_db
def test_html_styles_and_scripts_are_small(client: Client, alice):
    """Measured with six languages, a link, a waveform of 1,000 peaks, and the transcript's own text taken out."""
    dot = make_live_dot(
        owner=alice,
        languages=("en-GB", "es", "de", "fr", "it", "ar"),
        description="Station 4 of the walk along the water.",
        link_label="More about the mill",
        link_url="https://example.org/mill",
    )
    generation = dot.renditions.get(language="en-GB").generation
    generation.peaks = [(37 * number * number) % 101 for number in range(1000)]
    generation.save()

    page = client.get(f"/d/{dot.code}").content.decode()
    files = re.findall(r'(?:href|src)="/static/([^"]+\.(?:css|js|svg))"', page)
    html = re.sub(r'(<div class="transcript".*?>).*?</div>', r"\1</div>", page, flags=re.DOTALL)

    weights = {"html": compressed(html.encode())}
    for file in files:
        weights[file] = compressed((Path(settings.BASE_DIR) / "static" / file).read_bytes())
    assert {"css/play.css", "css/player.css", "css/tokens.css", "js/play.js", "js/player.js"} <= set(files)
    assert sum(weights.values()) <= LIMIT_BYTES, weights


def compressed(content: bytes) -> int:
    return len(gzip.compress(content, 6))
