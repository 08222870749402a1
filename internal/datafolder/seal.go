package datafolder

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/wardgate/wardgate/internal/durable"
)

// Seal writes down what the folder holds, once a start has made everything: from
// now on it must be there. A manifest that says so already is left alone. What was
// lost with somebody's consent is returned once, to be journalled.
func (d *Folder) Seal(keyPath string, files []File) (*Accepted, error) {
	key, err := sealKey(keyPath, d.marker.Key == "")
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", d.dir, err)
	}
	m := &manifest{Format: manifestFormat, Written: time.Now().UTC().Truncate(time.Second)}
	if err := m.list(files); err != nil {
		return nil, fmt.Errorf("data folder %s: %w", d.dir, err)
	}
	var accepted *Accepted
	if d.listed != nil {
		accepted = d.listed.Accepted
		m.keep(d.listed)
	}
	if d.listed == nil || accepted != nil || !slices.Equal(m.Files, d.listed.Files) {
		if err := d.write(m, key); err != nil {
			return nil, fmt.Errorf("data folder: %w", err)
		}
	}
	_ = d.keepRoom(reserveSize) // a disk that is full stops no start
	if next := (marker{Format: format, Demo: d.marker.Demo, Key: fingerprint(key)}); next != d.marker {
		return accepted, d.mark(next)
	}
	return accepted, nil
}

// list puts the files that are there on the manifest.
func (m *manifest) list(files []File) error {
	for i := range files {
		f := &files[i]
		found, err := f.find()
		if err != nil {
			return fmt.Errorf("list %s: %w", f.Name, err)
		}
		if len(found) == 0 {
			continue
		}
		e, err := entryOf(f)
		if err != nil {
			return fmt.Errorf("list %s: %w", f.Name, err)
		}
		m.Files = append(m.Files, e)
	}
	m.sort()
	return nil
}

func (m *manifest) sort() {
	slices.SortFunc(m.Files, func(a, b entry) int { return strings.Compare(a.Name, b.Name) })
}

// keep goes on listing what another configuration of this folder keeps in it.
func (m *manifest) keep(old *manifest) {
	for _, e := range old.Files {
		if _, listed := m.entry(e.Name); !listed {
			m.Files = append(m.Files, e)
		}
	}
	m.sort()
}

// Key names the key that signs the manifest; "" before the first one.
func (d *Folder) Key() string { return d.marker.Key }

var (
	errNothingLost = errors.New("nothing is lost: the data folder is whole")
	errReason      = errors.New("a reason is needed: one line of 1 to 200 characters, kept in the journal")
)

// AcceptLoss lets a folder go on that Check refuses, as far as what is lost can be
// made anew: with anything else gone it returns the refusal and changes nothing. A
// file that is spoilt is set aside, beside its place.
func (d *Folder) AcceptLoss(keyPath string, files []File, why string) ([]Fault, error) {
	if why == "" || len(why) > 200 || !utf8.ValidString(why) || strings.ContainsFunc(why, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return nil, errReason
	}
	faults, err := d.check(keyPath, files)
	if err != nil {
		return nil, err
	}
	if len(faults) == 0 {
		return nil, errNothingLost
	}
	var forGood []Fault
	accepted := &Accepted{Reason: why}
	for _, f := range faults {
		if !f.again {
			forGood = append(forGood, f)
		}
		accepted.Lost = append(accepted.Lost, f.Name)
	}
	for _, f := range files {
		if slices.Contains(accepted.Lost, f.Name) && f.Pair != "" && !slices.Contains(accepted.Lost, f.Pair) {
			accepted.Lost = append(accepted.Lost, f.Pair)
		}
	}
	if len(forGood) > 0 {
		return nil, &Refusal{d.dir, forGood}
	}
	if err := d.setAside(keyPath, files, accepted.Lost); err != nil {
		return nil, err
	}
	return faults, d.acceptAnew(keyPath, files, accepted)
}

// setAside moves what is spoilt out of the way of what will be made anew.
func (d *Folder) setAside(keyPath string, files []File, lost []string) error {
	suffix := ".lost-" + time.Now().UTC().Format("20060102T150405")
	for _, f := range append([]File{{Name: keyName(keyPath), Path: keyPath}}, files...) {
		if !slices.Contains(lost, f.Name) {
			continue
		}
		found, err := f.find()
		if err != nil {
			return fmt.Errorf("set %s aside: %w", f.Name, err)
		}
		for _, path := range found {
			if err := durable.Rename(path, path+suffix); err != nil {
				return fmt.Errorf("set %s aside: %w", f.Name, err)
			}
		}
	}
	return nil
}

// acceptAnew signs a manifest of what is there now.
func (d *Folder) acceptAnew(keyPath string, files []File, accepted *Accepted) error {
	if slices.Contains(accepted.Lost, manifestName) {
		d.listed = nil
	}
	key, err := sealKey(keyPath, true)
	if err != nil {
		return fmt.Errorf("data folder %s: %w", d.dir, err)
	}
	m := &manifest{Format: manifestFormat, Written: time.Now().UTC().Truncate(time.Second), Accepted: accepted}
	if err := m.list(files); err != nil {
		return fmt.Errorf("data folder %s: %w", d.dir, err)
	}
	if err := d.write(m, key); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return d.mark(marker{Format: format, Demo: d.marker.Demo, Key: fingerprint(key)})
}
