"""Brokers behind the port ``core.ports.Broker``; the only place with MT5's words.

retcodes   what each return code proves, and its sentence for people
paper      an account simulated here
"""
