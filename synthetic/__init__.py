"""Synthetic ledgers. In: a size, a seed, shares. Out: a ledger, and what is wrong with it.

The people, offices and numbers are invented. Each record is made faultless first and then spoilt
in known ways, so that what a ledger holds is known without judging it.
"""

from zhuanjie.synthetic.ledger import DEFAULT_DAY, generate, plantable
from zhuanjie.synthetic.plants import ROSTER

__all__ = ["DEFAULT_DAY", "ROSTER", "generate", "plantable"]
