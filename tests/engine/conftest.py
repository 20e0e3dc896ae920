"""Tests of the engine use the random shops and workers that the oracle's tests have."""

from tests.oracle.conftest import blank, random_shop

__all__ = ["blank", "random_shop"]
