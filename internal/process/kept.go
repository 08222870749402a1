package process

import (
	"context"
	"errors"
	"path"
	"strings"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/datafolder"
	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity/vault"
	"github.com/wardgate/wardgate/records/crypt"
)

// manifestKey signs the list of what the data folder holds.
const manifestKey = "manifest.key"

// keptFiles are the files without which this process does not go on once it has
// served. What the configuration keeps on a server, or names as the operator's own,
// is no part of it.
func keptFiles(g *ground) []datafolder.File {
	k := kept{ground: g}
	k.keys()
	k.databases()
	c := g.config
	if c.Journals() {
		k.add(datafolder.File{Name: "journal/head", Rule: datafolder.Changing, Older: true, Remedy: acceptJournal})
		k.add(datafolder.File{Name: "journal/journal-*.log", Rule: datafolder.Several, Older: true, Remedy: acceptJournal})
	}
	if c.Runs(config.RolePEP) {
		const lost = "certificates between the parts; other processes need theirs anew"
		k.add(datafolder.File{Name: "certs/ca.pem", Pair: "certs/ca.key", Rule: datafolder.Fixed, Older: true, Lost: lost})
		k.add(datafolder.File{Name: "certs/ca.key", Pair: "certs/ca.pem", Rule: datafolder.Fixed, Secret: true, Lost: lost})
	}
	if c.Runs(config.RoleAdministrator) {
		k.add(datafolder.File{Name: "pdp.token", Rule: datafolder.Fixed, Secret: true, Lost: "the token by which callers of the decision point's API are known; they need the new one"})
	}
	if c.Runs(config.RoleEngine) && c.Policy.Delivered() {
		k.add(datafolder.File{Name: "policy/mark.json", Rule: datafolder.Changing, Lost: "how new the newest rule book was: an older one could come into force"})
	}
	return k.files
}

// seal writes down what the data folder holds, now that the start has made
// everything. A disk without room keeps nothing from being served: what was listed
// before still is.
func (g *ground) seal(ctx context.Context, j *journal) error {
	known := g.data.Key()
	accepted, err := g.data.Seal(g.keyPath(manifestKey), keptFiles(g))
	if err != nil && known != "" && durable.NoRoom(err) {
		g.log.Error("the manifest of the data folder is not brought up to date", "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	g.begin().inBackground(g.data.KeepRoom)
	if j == nil {
		return nil
	}
	if accepted != nil {
		err = j.note(ctx, pip.Event{Action: "data.accept_loss", Detail: accepted.Reason + ": " + strings.Join(accepted.Lost, ", ")})
	}
	if now := g.data.Key(); err == nil && now != known {
		err = j.note(ctx, pip.Event{Action: "data.manifest", Detail: "signed by key " + now})
	}
	return err
}

// AcceptDataLoss lets a data folder go on that was refused at start, as far as
// what is lost can be made anew. It must not be in use.
func AcceptDataLoss(c *config.Config, reason string) ([]datafolder.Fault, error) {
	var lost []datafolder.Fault
	err := examine(c, func(g *ground) (err error) {
		lost, err = g.data.AcceptLoss(g.keyPath(manifestKey), keptFiles(g), reason)
		return err
	})
	return lost, err
}

// VerifyData refuses a data folder that is not whole. It must not be in use.
func VerifyData(c *config.Config) error {
	return examine(c, func(g *ground) error { return g.data.Check(g.keyPath(manifestKey), keptFiles(g)) })
}

func examine(c *config.Config, f func(*ground) error) (err error) {
	data, err := datafolder.Examine(c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	c.Demo = data.Demo()
	if err := c.Check(); err != nil {
		return err
	}
	return f(&ground{config: c, data: data})
}

const acceptJournal = "restore the journal from a backup, or let a new one follow with `wardgate audit accept-loss`"

type kept struct {
	*ground
	files []datafolder.File
}

func (k *kept) add(f datafolder.File) {
	if f.Path == "" {
		f.Path = k.data.Path(f.Name)
	}
	k.files = append(k.files, f)
}

// key adds a file of secret keys.
func (k *kept) key(f datafolder.File) {
	f.Path, f.Secret = k.keyPath(f.Name), true
	f.Name = path.Join("keys", f.Name)
	k.add(f)
}

const sealed = "nothing that was sealed with it can be read without it: restore it from a backup"

func (k *kept) keys() {
	c := k.config
	if c.Assertion.KeyFile == "" {
		k.key(datafolder.File{Name: "assertion.key", Rule: datafolder.Fixed, Older: true, Lost: "nothing; it lives between the parts of this process"})
	}
	if c.Runs(config.RoleRecords) {
		k.key(datafolder.File{Name: path.Join("records", crypt.KeyFile), Rule: datafolder.Changing, Older: true, Remedy: sealed})
	}
	if c.Runs(config.RoleAdministrator) {
		k.key(datafolder.File{Name: path.Join("identity", vault.SealFile), Rule: datafolder.Fixed, Older: true, Remedy: sealed})
		k.key(datafolder.File{Name: path.Join("identity", vault.IndexFile), Rule: datafolder.Fixed, Older: true,
			Remedy: "no account is found by its e-mail address without it: restore it from a backup"})
		k.key(datafolder.File{Name: "tokens/*.pem", Rule: datafolder.Several, Older: true, Lost: "every access token; all people log in again"})
		k.key(datafolder.File{Name: "sessions.json", Rule: datafolder.Fixed, Lost: "every session; all people log in again"})
		k.key(datafolder.File{Name: cookieKeyFile, Rule: datafolder.Fixed, Lost: "the sessions of browsers; their people log in again"})
	}
	if c.Runs(config.RoleEngine) {
		k.key(datafolder.File{Name: "footprint.json", Rule: datafolder.Fixed, Older: true, Lost: "every session; all people log in again"})
	}
	if c.Runs(config.RolePEP) {
		k.key(datafolder.File{Name: "applications/*.pem", Rule: datafolder.Several, Lost: "statements to other applications that are under way"})
	}
}

func (k *kept) databases() {
	roles := map[string]string{
		"stores.identity": config.RoleAdministrator, "stores.sessions": config.RoleAdministrator, "stores.records": config.RoleRecords,
	}
	for _, d := range k.config.Databases() {
		if role := roles[d.Key]; role != "" && k.config.Runs(role) && !d.IsServer() && d.File == "" {
			k.add(datafolder.File{Name: d.Own, Rule: datafolder.Database, Older: true,
				Remedy: "what it held is nowhere else: restore it from a backup"})
		}
	}
}
