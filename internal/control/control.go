// Package control is how operators' commands reach a running Wardgate: HTTP
// over a Unix socket in the data folder. A process that may open the socket, which is
// for the owner of the folder alone, is an operator; nothing else is asked.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/wardgate/wardgate/internal/strictjson"
)

// Socket is the name of the socket in the data folder.
const Socket = "control.sock"

const (
	maxAnswer = 8 << 20
	patience  = 30 * time.Second
)

// A User is an account as operators see it.
type User struct {
	ID          string     `json:"id"`
	Username    string     `json:"username"`
	Role        string     `json:"role"`
	Standing    string     `json:"standing"`
	Staff       string     `json:"staff_id,omitempty"`
	Patient     string     `json:"patient_id,omitempty"`
	Department  string     `json:"department_id,omitempty"`
	BannedUntil *time.Time `json:"banned_until,omitempty"`
	BanReason   string     `json:"ban_reason,omitempty"`
}

// A Page is a part of the list of users; Next is where the following begins.
type Page struct {
	Items []User `json:"items"`
	Next  string `json:"next,omitempty"`
}

// A NewUser is an account to be added. It holds a password.
type NewUser struct {
	Username   string `json:"username"`
	Email      string `json:"email"`
	Password   string `json:"password"`
	Role       string `json:"role"`
	Staff      string `json:"staff_id,omitempty"`
	Department string `json:"department_id,omitempty"`
	Patient    string `json:"patient_id,omitempty"`
}

// String keeps the password out of logs.
func (NewUser) String() string { return "redacted" }

// GoString keeps the password out of logs.
func (NewUser) GoString() string { return "redacted" }

// A Link says which records an approved account belongs to.
type Link struct {
	Staff      string `json:"staff_id,omitempty"`
	Department string `json:"department_id,omitempty"`
}

// Listen opens the socket in the data folder, which the caller has locked: a
// socket that is left there has no process.
func Listen(data string) (net.Listener, error) {
	path := filepath.Join(data, Socket)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("control socket: %w", err), l.Close())
	}
	return l, nil
}

// A Client speaks to the Wardgate that runs on a data folder.
type Client struct {
	data string
	http *http.Client
}

// NewClient returns a client for the data folder.
func NewClient(data string) *Client {
	path := filepath.Join(data, Socket)
	return &Client{data: data, http: &http.Client{
		Timeout: patience,
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		}},
	}}
}

// Users lists accounts behind the id after.
func (c *Client) Users(ctx context.Context, after string, limit int) (Page, error) {
	var page Page
	query := url.Values{"after": {after}, "limit": {strconv.Itoa(limit)}}
	return page, c.do(ctx, http.MethodGet, "/users?"+query.Encode(), nil, &page)
}

// Add makes an account that may log in at once, and returns its id.
func (c *Client) Add(ctx context.Context, u NewUser) (User, error) {
	var added User
	return added, c.do(ctx, http.MethodPost, "/users", u, &added)
}

// Approve makes a pending account active. user is an id or a username.
func (c *Client) Approve(ctx context.Context, user string, l Link) error {
	return c.do(ctx, http.MethodPost, "/users/"+url.PathEscape(user)+"/approve", l, nil)
}

// Unban lifts a ban, and the bars that grew from failed log-ins.
func (c *Client) Unban(ctx context.Context, user string) error {
	return c.do(ctx, http.MethodPost, "/users/"+url.PathEscape(user)+"/unban", nil, nil)
}

// A Machine is a machine's account. Its key is shown once.
type Machine struct {
	ID  string `json:"id"`
	Key string `json:"key"`
}

// String keeps the key out of logs.
func (Machine) String() string { return "redacted" }

// GoString keeps the key out of logs.
func (Machine) GoString() string { return "redacted" }

// AddMachine makes an account for a machine, or gives the one of that name
// another key.
func (c *Client) AddMachine(ctx context.Context, name string) (Machine, error) {
	var m Machine
	return m, c.do(ctx, http.MethodPost, "/machines/"+url.PathEscape(name), nil, &m)
}

// DropMachine takes all keys of a machine away and ends its sessions.
func (c *Client) DropMachine(ctx context.Context, name string) error {
	return c.do(ctx, http.MethodDelete, "/machines/"+url.PathEscape(name), nil, nil)
}

// RotateKeys makes a new signing key.
func (c *Client) RotateKeys(ctx context.Context) error {
	return c.do(ctx, http.MethodPost, "/keys/rotate", nil, nil)
}

func (c *Client) do(ctx context.Context, method, path string, body, into any) error {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(json.NewEncoder(writer).Encode(body)) }()
	defer reader.Close()
	r, err := http.NewRequestWithContext(ctx, method, "http://wardgate"+path, reader)
	if err != nil {
		return err
	}
	res, err := c.http.Do(r)
	var refused *net.OpError
	if errors.As(err, &refused) {
		return fmt.Errorf("no running wardgate answers in data folder %s; start it, or name another folder with --data", c.data)
	}
	if err != nil {
		return fmt.Errorf("ask the running wardgate: %w", err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("ask the running wardgate: %w", err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		return errors.New(said(raw))
	}
	if into == nil {
		return nil
	}
	if err := strictjson.DecodeKnown(raw, into); err != nil {
		return fmt.Errorf("answer of the running wardgate: %w", err)
	}
	return nil
}

func said(raw []byte) string {
	var fault struct {
		Error string `json:"error"`
	}
	if strictjson.DecodeKnown(raw, &fault) != nil || fault.Error == "" {
		return "the running wardgate refused"
	}
	return fault.Error
}
