"""From everything that was given to the causes: `run.diagnose` over an `evidence.Evidence`.

Nothing is imported here, so that evidence can be gathered before the rules are read.
"""
