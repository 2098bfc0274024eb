"""`make demo`: the life of flight_delays through Airflow's REST API, as a person would through the web UI."""
