// Package outbox sends mail into a folder: one RFC 5322 file for each message,
// for a machine that has no mail server. The files hold codes; only the owner
// of the folder can read them.
package outbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/pip/identity"
)

// An Outbox writes DIR/TIME-N.eml. Names sort by the time of sending.
type Outbox struct {
	dir  string
	from string
	now  func() time.Time
	n    atomic.Uint64
}

var _ identity.Mailer = (*Outbox)(nil)

// New returns the outbox over dir, which it makes with mode 0700. From is the
// sender's bare address. A nil now is the wall clock.
func New(dir, from string, now func() time.Time) (*Outbox, error) {
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open outbox: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open outbox: %w", err)
	}
	if now == nil {
		now = time.Now
	}
	return &Outbox{dir: dir, from: from, now: now}, nil
}

// Send writes the whole message under a hidden name, then gives it its own. A
// reader never sees half a mail, nor anything of a void one.
func (o *Outbox) Send(_ context.Context, m identity.Message) error {
	now := o.now().UTC()
	content, err := o.compose(m, now)
	if err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	if err := o.put(content, now, m.Void); err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	return nil
}

// put makes a file that is not there yet: another process may have counted to the
// same number. A void mail takes as long, under a hidden name, and is gone.
func (o *Outbox) put(content []byte, now time.Time, void bool) error {
	for {
		path := filepath.Join(o.dir, fmt.Sprintf("%s-%d.eml", now.Format("20060102T150405.000000Z"), o.n.Add(1)))
		if void {
			path = filepath.Join(o.dir, ".void-"+letters())
		}
		err := durable.CreateFile(path, content, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil && void {
			err = os.Remove(path)
		}
		return err
	}
}

// compose keeps every header free of digits in a row, so that a reader who
// looks for the code in the file finds it.
func (o *Outbox) compose(m identity.Message, now time.Time) ([]byte, error) {
	msg := mail.NewMsg(mail.WithEncoding(mail.NoEncoding), mail.WithNoDefaultUserAgent())
	if err := msg.From(o.from); err != nil {
		return nil, errors.New("the sender is no address")
	}
	if err := msg.To(m.To); err != nil {
		return nil, errors.New("the recipient is no address")
	}
	_, domain, _ := strings.Cut(o.from, "@")
	msg.SetMessageIDWithValue(letters() + "@" + domain)
	msg.SetDateWithValue(now)
	msg.Subject(m.Subject)
	msg.SetBodyString(mail.TypeTextPlain, m.Text)
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, errors.New("the message cannot be composed")
	}
	return b.Bytes(), nil
}

// letters is a random text without digits.
func letters() string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + 'a'
		}
		return r
	}, rand.Text())
}
