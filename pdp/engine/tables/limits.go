package tables

import (
	"errors"
	"fmt"
	"time"
)

// maxAccess is the longest life of an access token that a table may name, in
// seconds. Keys and revocations are kept for at least as long.
const maxAccess = 900

// MaxAccess is the longest life of an access token that a table may name.
const MaxAccess = maxAccess * time.Second

// MaxSpan is the longest span that a table may name, in seconds: a year.
const MaxSpan = 366 * 24 * 3600

// Limits are the numbers of log-in, sessions and bans in the rule book's
// table. They were checked when it was loaded.
type Limits struct {
	WrongPasswords      int
	WrongWithin         time.Duration
	KnownWrongPasswords int
	KnownWrongWithin    time.Duration
	CodeAttempts        int
	CodeLife            time.Duration
	ResendEvery         time.Duration
	Resends             int

	Access       time.Duration
	RefreshAfter time.Duration
	Idle         time.Duration
	Absolute     time.Duration
	Elevation    time.Duration
	Carried      time.Duration // how long an elevation counts on another origin; 0 carries none
	RetryWithin  time.Duration

	DeviceMemory  time.Duration
	NetworkMemory time.Duration
	LogInMemory   time.Duration

	Pass time.Duration // how long a pass holds; 0 issues none

	WalkAway time.Duration // a workstation that is not used for so long needs badge and PIN; 0 is Idle
	Shift    time.Duration // how long after the log-in badge and PIN resume a session; 0 never
}

// limitRows is the table as it is written. Bars are read by rules alone; they
// are checked here, where the architect learns of a fault.
type limitRows struct {
	WrongPasswords        int `json:"wrong_passwords"`
	WrongPasswordsSeconds int `json:"wrong_passwords_seconds"`
	WrongPasswordsBar     int `json:"wrong_passwords_bar_seconds"`
	KnownWrongPasswords   int `json:"known_device_wrong_passwords"`
	KnownWrongSeconds     int `json:"known_device_wrong_passwords_seconds"`
	KnownBar              int `json:"known_device_bar_seconds"`
	CodeAttempts          int `json:"code_attempts"`
	CodeBar               int `json:"code_bar_seconds"`
	CodeSeconds           int `json:"code_seconds"`
	ResendSeconds         int `json:"resend_seconds"`
	Resends               int `json:"resends"`
	AccessSeconds         int `json:"access_token_seconds"`
	RefreshAfter          int `json:"refresh_after_percent"`
	IdleSeconds           int `json:"refresh_idle_seconds"`
	SessionSeconds        int `json:"session_seconds"`
	ElevatedSeconds       int `json:"elevated_token_seconds"`
	CarriedSeconds        int `json:"carried_elevation_seconds"`
	RetrySeconds          int `json:"refresh_retry_seconds"`
	DriftKilometres       int `json:"drift_kilometres"`
	TravelSpeed           int `json:"travel_kilometres_an_hour"`
	TravelCountrySeconds  int `json:"travel_country_seconds"`
	ClaimedPlaceAlert     int `json:"claimed_place_alert_seconds"`
	KnownDeviceDays       int `json:"known_device_days"`
	KnownNetworkDays      int `json:"known_network_days"`
	LastLogInDays         int `json:"last_log_in_days"`
	PassSeconds           int `json:"pass_seconds"`
	WalkAwaySeconds       int `json:"walk_away_seconds"`
	ShiftSeconds          int `json:"shift_seconds"`

	anonymousRows
	underWayRows
}

// faults names every row that makes no sense. A missing row reads as 0.
func (l *limitRows) faults() []error {
	var faults []error
	row := func(name string, n, least, most int) {
		if n < least || n > most {
			faults = append(faults, fmt.Errorf("limits.%s: expected a whole number from %d to %d", name, least, most))
		}
	}
	row("wrong_passwords", l.WrongPasswords, 1, 100)
	row("wrong_passwords_seconds", l.WrongPasswordsSeconds, 1, MaxSpan)
	row("wrong_passwords_bar_seconds", l.WrongPasswordsBar, 1, MaxSpan)
	row("known_device_wrong_passwords", l.KnownWrongPasswords, 1, 100)
	row("known_device_wrong_passwords_seconds", l.KnownWrongSeconds, 1, MaxSpan)
	row("known_device_bar_seconds", l.KnownBar, 1, MaxSpan)
	row("code_attempts", l.CodeAttempts, 1, 10)
	row("code_bar_seconds", l.CodeBar, 1, MaxSpan)
	row("code_seconds", l.CodeSeconds, 30, 3600)
	row("resend_seconds", l.ResendSeconds, 1, 3600)
	row("resends", l.Resends, 1, 100)
	row("access_token_seconds", l.AccessSeconds, 30, maxAccess)
	row("refresh_after_percent", l.RefreshAfter, 1, 100)
	row("refresh_idle_seconds", l.IdleSeconds, 30, MaxSpan)
	row("session_seconds", l.SessionSeconds, 30, MaxSpan)
	row("elevated_token_seconds", l.ElevatedSeconds, 30, maxAccess)
	row("carried_elevation_seconds", l.CarriedSeconds, 0, maxAccess)
	row("refresh_retry_seconds", l.RetrySeconds, 1, 60)
	row("drift_kilometres", l.DriftKilometres, 1, 20040)
	row("travel_kilometres_an_hour", l.TravelSpeed, 1, 100_000)
	row("travel_country_seconds", l.TravelCountrySeconds, 1, MaxSpan)
	row("claimed_place_alert_seconds", l.ClaimedPlaceAlert, 0, MaxSpan)
	row("known_device_days", l.KnownDeviceDays, 1, 366)
	row("known_network_days", l.KnownNetworkDays, 1, 366)
	row("last_log_in_days", l.LastLogInDays, 1, 366)
	row("pass_seconds", l.PassSeconds, 0, 24*3600)
	row("walk_away_seconds", l.WalkAwaySeconds, 0, 3600)
	row("shift_seconds", l.ShiftSeconds, 0, 24*3600)
	if l.WalkAwaySeconds > 0 && l.WalkAwaySeconds < 30 {
		faults = append(faults, errors.New("limits.walk_away_seconds: expected 0 for as long as refresh_idle_seconds, or at least 30"))
	}
	l.anonymousRows.check(row)
	l.underWayRows.check(row)
	if l.IdleSeconds <= l.AccessSeconds*l.RefreshAfter/100 {
		faults = append(faults, errors.New("limits.refresh_idle_seconds: a session would end before it may be refreshed"))
	}
	if l.SessionSeconds < l.IdleSeconds {
		faults = append(faults, errors.New("limits.session_seconds: expected at least refresh_idle_seconds"))
	}
	return faults
}

func (l *limitRows) typed() Limits {
	return Limits{
		WrongPasswords: l.WrongPasswords, WrongWithin: seconds(l.WrongPasswordsSeconds),
		KnownWrongPasswords: l.KnownWrongPasswords, KnownWrongWithin: seconds(l.KnownWrongSeconds),
		CodeAttempts: l.CodeAttempts, CodeLife: seconds(l.CodeSeconds),
		ResendEvery: seconds(l.ResendSeconds), Resends: l.Resends,
		Access: seconds(l.AccessSeconds), RefreshAfter: seconds(l.AccessSeconds) * time.Duration(l.RefreshAfter) / 100,
		Idle: seconds(l.IdleSeconds), Absolute: seconds(l.SessionSeconds),
		Elevation: seconds(l.ElevatedSeconds), Carried: seconds(l.CarriedSeconds), RetryWithin: seconds(l.RetrySeconds),
		DeviceMemory: days(l.KnownDeviceDays), NetworkMemory: days(l.KnownNetworkDays), LogInMemory: days(l.LastLogInDays),
		Pass: seconds(l.PassSeconds), WalkAway: seconds(l.WalkAwaySeconds), Shift: seconds(l.ShiftSeconds),
	}
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// Limits are the numbers of the table.
func (t *Tables) Limits() Limits { return t.limits.typed() }
