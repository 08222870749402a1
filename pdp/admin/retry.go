package admin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// answerUse binds a stored answer to the refresh token that it answered and to
// the idempotency key of the request: under another key it does not open.
func answerUse(oldHash, retry string) []byte {
	return []byte("wardgate refresh answer\x00" + oldHash + "\x00" + retry)
}

// sealAnswer keeps the answer to a refresh for a retry.
func (a *Admin) sealAnswer(oldHash, retry string, t Tokens) (string, error) {
	type plain Tokens // without the methods that redact
	raw, err := json.Marshal(plain(t))
	if err != nil {
		return "", fmt.Errorf("keep answer: %w", err)
	}
	sealed, err := a.parts.Sealer.Encrypt(raw, answerUse(oldHash, retry))
	if err != nil {
		return "", fmt.Errorf("keep answer: %w", err)
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// answered returns the stored answer to a refresh whose token was used at used,
// to the client that sent the same idempotency key shortly before. found is
// false for everybody else: for them the token was replayed.
func (a *Admin) answered(ctx context.Context, hash, retry string, used, now time.Time) (t Tokens, found bool, err error) {
	limits := a.Limits()
	age := now.Sub(used)
	if retry == "" || age > limits.RetryWithin || age < -limits.Leeway {
		return Tokens{}, false, nil
	}
	stored, err := a.parts.Store.Answer(ctx, hash)
	if errors.Is(err, ErrNotFound) {
		return Tokens{}, false, nil
	}
	if err != nil {
		return Tokens{}, false, fmt.Errorf("stored answer: %w", err)
	}
	sealed, err := base64.StdEncoding.DecodeString(stored)
	if err != nil {
		return Tokens{}, false, nil
	}
	raw, err := a.parts.Sealer.Decrypt(sealed, answerUse(hash, retry))
	if err != nil {
		return Tokens{}, false, nil
	}
	type plain Tokens
	if err := json.Unmarshal(raw, (*plain)(&t)); err != nil {
		return Tokens{}, false, fmt.Errorf("stored answer: %w", err)
	}
	return t, true, nil
}
