package identity

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"math/big"
	"strconv"

	"golang.org/x/crypto/bcrypt"
)

// A Factor is one way to prove possession, asked for after the password.
type Factor interface {
	// Method names it to the user: "email".
	Method() string
	// AMR names it to the policy (RFC 8176): "otp".
	AMR() string
	// Prepare makes a fresh question for p. Nothing leaves before Deliver.
	Prepare(ctx context.Context, p Profile) (Question, error)
	// Check compares an answer with what Question.Kept remembered.
	Check(kept, answer string) bool
}

// A Question is prepared by a Factor: Kept is stored, never the answer itself,
// and Deliver reaches the person once Kept is safe.
type Question struct {
	Kept    string
	Deliver func(context.Context) error
}

// A Mailer sends one message. When it returns nil the message is on its way.
type Mailer interface {
	Send(ctx context.Context, m Message) error
}

// A Message is a mail in plain text. It holds a code: it prints as "redacted".
type Message struct {
	To      string // a bare address
	Subject string
	Text    string
}

// String keeps the code out of logs.
func (Message) String() string { return "redacted" }

// GoString keeps the code out of logs.
func (Message) GoString() string { return "redacted" }

// LogValue keeps the code out of logs.
func (Message) LogValue() slog.Value { return slog.StringValue("redacted") }

const (
	codeCost  = 10
	codeSize  = 6
	firstCode = 100000
	codeCount = 900000
)

// EmailCode is the factor that mails a six-digit code.
type EmailCode struct{ mailer Mailer }

// NewEmailCode returns the factor that sends by mailer.
func NewEmailCode(mailer Mailer) *EmailCode { return &EmailCode{mailer: mailer} }

// Method is "email".
func (*EmailCode) Method() string { return "email" }

// AMR is "otp".
func (*EmailCode) AMR() string { return "otp" }

// Prepare draws a code. What is kept is its bcrypt hash.
func (e *EmailCode) Prepare(_ context.Context, p Profile) (Question, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(codeCount))
	if err != nil {
		return Question{}, fmt.Errorf("draw code: %w", err)
	}
	code := strconv.FormatInt(firstCode+n.Int64(), 10)
	hash, err := bcrypt.GenerateFromPassword([]byte(code), codeCost)
	if err != nil {
		return Question{}, fmt.Errorf("hash code: %w", err)
	}
	m := Message{
		To:      p.Email,
		Subject: "Your Wardgate code",
		Text: "Your code is " + code + "\n\n" +
			"It is valid for a few minutes and for one use.\n" +
			"If you did not ask for it, somebody else may know your password:\n" +
			"tell your hospital's IT. Nobody will ever ask you for this code.\n",
	}
	return Question{
		Kept:    string(hash),
		Deliver: func(ctx context.Context) error { return e.mailer.Send(ctx, m) },
	}, nil
}

// Check accepts exactly the six digits: no blanks, no other digits than ASCII.
func (*EmailCode) Check(kept, answer string) bool {
	if len(answer) != codeSize {
		return false
	}
	for i := range codeSize {
		if answer[i] < '0' || answer[i] > '9' {
			return false
		}
	}
	return bcrypt.CompareHashAndPassword([]byte(kept), []byte(answer)) == nil
}
