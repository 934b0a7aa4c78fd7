"""The faults, one module per topic; `faults.py` lists them all."""
