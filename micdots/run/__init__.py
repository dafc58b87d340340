"""``make run``: everything MicDots consists of, started, watched and stopped as one program.

``python -m micdots.run``         prepare ``var/``, then run web server, worker and beat until Ctrl-C
``python -m micdots.run web``     one of the programs alone, without preparing anything (containers, systemd)
"""
