package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// letters leaves out what is easily mistaken in handwriting: 0 O 1 I L U.
const letters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

const (
	numberLength  = 6
	codeLength    = 12 // 58 bits: not to be guessed, however many tries
	codeCost      = 10
	enrolmentDays = 30
)

// dummyHash is compared with when a number has no open enrolment, so that both
// answers take the same time. It is the hash of no code.
const dummyHash = "$2a$10$yZ136knqth1WpDkQCiLVi.aHuBiT5AIbUFHy12Qa/fry6pa8abkFe"

// An Enrolment lets a patient claim their record once, with a code.
type Enrolment struct {
	hash    string
	expires time.Time
}

// NewEnrolment makes an enrolment and its code. The code is to be handed to
// the patient; only its bcrypt hash is ever kept.
func NewEnrolment(now time.Time) (e Enrolment, code string, err error) {
	plain := randomText(codeLength)
	hash, err := bcrypt.GenerateFromPassword([]byte(plain), codeCost)
	if err != nil {
		return Enrolment{}, "", errors.New("hash enrolment code")
	}
	code = plain[:4] + "-" + plain[4:8] + "-" + plain[8:]
	return Enrolment{hash: string(hash), expires: now.AddDate(0, 0, enrolmentDays)}, code, nil
}

// String keeps the hash out of logs.
func (Enrolment) String() string { return "redacted" }

func (e Enrolment) insert(ctx context.Context, q querier, patient string) error {
	if e.hash == "" {
		return errors.New("insert enrolment: no code")
	}
	_, err := q.ExecContext(ctx, "INSERT INTO enrolments (patient_id, code_hash, expires_at) VALUES (?, ?, ?)",
		patient, e.hash, micros(e.expires))
	if err != nil {
		return fmt.Errorf("insert enrolment: %w", err)
	}
	return nil
}

// Enrol uses up the code of the patient with that number and returns the
// patient's id. An unknown number, a wrong, used or expired code are all
// ErrEnrolment, after the same time. Dashes and letter case do not matter.
func (s *Store) Enrol(ctx context.Context, number, code string, now time.Time) (string, error) {
	var patient, hash string
	err := s.read.QueryRowContext(ctx, `SELECT patients.id, enrolments.code_hash
 FROM enrolments JOIN patients ON patients.id = enrolments.patient_id
 WHERE patients.number = ? AND patients.deleted_at IS NULL
 AND enrolments.used_at IS NULL AND enrolments.expires_at > ?`, strings.ToUpper(number), micros(now)).Scan(&patient, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		hash = dummyHash
	} else if err != nil {
		return "", fmt.Errorf("enrol: %w", err)
	}
	code = strings.ToUpper(strings.ReplaceAll(code, "-", ""))
	if len(code) > codeLength {
		code = ""
	}
	wrong := s.compare([]byte(hash), []byte(code))
	if wrong != nil || patient == "" {
		return "", ErrEnrolment
	}
	n, err := changed(s.write.ExecContext(ctx,
		"UPDATE enrolments SET used_at = ? WHERE patient_id = ? AND code_hash = ? AND used_at IS NULL",
		micros(now), patient, hash))
	if err != nil {
		return "", fmt.Errorf("enrol: %w", err)
	}
	if n != 1 {
		return "", ErrEnrolment
	}
	return patient, nil
}

// EndEnrolments uses up the codes of patients that were used at these times, in a
// database that does not know it any more.
func (s *Store) EndEnrolments(ctx context.Context, used map[string]time.Time) error {
	for patient, at := range used {
		_, err := s.write.ExecContext(ctx, "UPDATE enrolments SET used_at = ? WHERE patient_id = ? AND used_at IS NULL", micros(at), patient)
		if err != nil {
			return fmt.Errorf("end enrolments: %w", err)
		}
	}
	return nil
}

// freeNumber finds a number that no patient has. Numbers are drawn, not
// counted, so that they tell nothing about other patients.
func freeNumber(ctx context.Context, q querier) (string, error) {
	for range 8 {
		number := "P-" + randomText(numberLength)
		var taken int
		err := q.QueryRowContext(ctx, "SELECT COUNT(*) FROM patients WHERE number = ?", number).Scan(&taken)
		if err != nil {
			return "", fmt.Errorf("find a free number: %w", err)
		}
		if taken == 0 {
			return number, nil
		}
	}
	return "", errors.New("find a free number: none in eight draws")
}

// randomText draws n letters, each equally likely.
func randomText(n int) string {
	text := make([]byte, 0, n)
	var draw [1]byte
	for len(text) < n {
		// Read never fails: without randomness the program ends.
		_, _ = rand.Read(draw[:])
		if limit := 256 - 256%len(letters); int(draw[0]) < limit {
			text = append(text, letters[int(draw[0])%len(letters)])
		}
	}
	return string(text)
}
