package authz.tables

# METADATA
# title: Numbers of log-in, sessions and bans
# description: |
#   Wardgate reads this table at load and keeps to it from then on: a changed
#   number is in force without a restart. One that makes no sense is refused,
#   and the last good table goes on serving. A bar keeps new log-ins away from
#   devices and networks that the account has not signed in from; it never ends
#   a session, a refresh or a log-in from a known device.
limits := {
	# wrong passwords: so many in such a span bar new log-ins for so long
	"wrong_passwords": 3,
	"wrong_passwords_seconds": 180,
	"wrong_passwords_bar_seconds": 900,
	# the own, stricter count of a device that the account has signed in from
	"known_device_wrong_passwords": 3,
	"known_device_wrong_passwords_seconds": 900,
	"known_device_bar_seconds": 900,
	# one-time codes: guesses for each, then a bar; how long one is valid
	"code_attempts": 3,
	"code_bar_seconds": 120,
	"code_seconds": 300,
	"resend_seconds": 60,
	"resends": 5, # in an hour
	# sessions
	"access_token_seconds": 300, # at most 900
	"refresh_after_percent": 40, # of the access token's life
	"refresh_idle_seconds": 900,
	"session_seconds": 43200,
	"elevated_token_seconds": 300,
	# how long a step-up on the home counts on an origin that asked for it; 0 is there alone
	"carried_elevation_seconds": 300,
	"refresh_retry_seconds": 10, # a retry with the same idempotency key
	# where a session and its owner can be
	"drift_kilometres": 5, # a session that moves further ends at its refresh
	"travel_kilometres_an_hour": 900, # faster than this between two log-ins is impossible
	"travel_country_seconds": 1800, # two countries within this span are impossible
	# for how long people are told once of a place that rests on the client's own word
	"claimed_place_alert_seconds": 3600,
	# how long a pass lets staff in who have lost their second factor; 0 issues none
	"pass_seconds": 36000,
	# a registered workstation that nobody uses for so long asks for badge and PIN; 0 is
	# refresh_idle_seconds
	"walk_away_seconds": 300,
	# how long after a log-in at a workstation badge and PIN resume its session; 0 never
	"shift_seconds": 36000,
	# what is under way (a stream, a WebSocket, a long download) is decided again so often;
	# while that is not known it goes on for so long, for a person and for a machine
	"under_way_seconds": 10,
	"under_way_grace_seconds": 60,
	"under_way_machine_grace_seconds": 600,
	# what is remembered of log-ins, and for how long
	"known_device_days": 180,
	"known_network_days": 90,
	"last_log_in_days": 30,
	# requests without a session, of one address (in IPv6 of one /64), a minute
	# and at once; of all strangers off-site together, a minute
	"anonymous_requests_per_minute": 300,
	"anonymous_burst": 100,
	"anonymous_requests_per_minute_on_site": 12000,
	"anonymous_burst_on_site": 2000,
	"anonymous_requests_per_minute_off_site": 6000,
	# requests that were let through to log in, sign up or the like, and that then came to
	# nothing (a wrong password, a token or form that is none), of one address, known device
	# or session: a minute, and at once; 0 for no bound of their own
	"fruitless_requests_per_minute": 1200,
	"fruitless_burst": 400,
	# denials of one address that are recorded singly in ten seconds; further
	# ones are counted in one record
	"anonymous_denials_recorded": 20,
	"anonymous_denials_recorded_on_site": 200,
	# refusals of one session that have a record of their own in ten seconds: once it
	# has ended, or asks for what there is not; and of what the policy denies it. A
	# subject has twice as many, an address eight times
	"session_refusals_recorded": 10,
	"session_denials_recorded": 60,
	# costly actions at once, and waiting for it; further ones are turned away
	"costly_at_once": 4,
	"costly_waiting": 64,
}

# METADATA
# title: Actions that hash a password or a code, which is slow on purpose
# description: Strangers queue for them apart from those who have a session or a known device.
costly := {
	"account.forgot",
	"account.reset",
	"account.sign_up",
	"account.verify",
	"log_in.attempt",
	"session.elevate",
}
