"""The supervisor's board. In: a unit, a day. Out: figures that open the lists behind them."""
