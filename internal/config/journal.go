package config

import (
	"path/filepath"
	"regexp"

	"github.com/wardgate/wardgate/pip/audit"
)

// maxRetainDays is a century.
const maxRetainDays = 36525

// demoReserve is the most that an invented hospital holds for a full disk.
const demoReserve = 1 << 20

// AuditConfig says where the journal lives, and how it is kept.
func (c *Config) AuditConfig() audit.Config {
	reserve := int64(c.Journal.ReserveBytes)
	if c.Demo {
		reserve = min(reserve, demoReserve)
	}
	return audit.Config{Dir: filepath.Join(c.Data, "journal"), Chain: c.Journal.Chain, ReserveBytes: reserve}
}

var chainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (c *Config) checkJournal(fault func(string, ...any)) {
	if !chainName.MatchString(c.Journal.Chain) {
		fault("journal.chain: expected a name of up to 64 letters, digits and ._-, this enforcement point's own")
	}
	if c.Journal.RetainDays < 0 || c.Journal.RetainDays > maxRetainDays {
		fault("journal.retain_days: expected a number of days up to %d, or 0 to keep the journal for ever", maxRetainDays)
	}
	if c.Journal.ReserveBytes < 0 {
		fault("journal.reserve_bytes: expected a number of bytes, or 0 for no reserve")
	}
}

// Journals reports whether this process keeps a journal: records and inference
// leave the evidence to the enforcement point.
func (c *Config) Journals() bool { return c.Runs(RolePEP) || c.Runs(RoleEngine) }
