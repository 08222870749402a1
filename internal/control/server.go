package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/wardgate/wardgate/internal/strictjson"
)

const maxBody = 64 << 10

// An Operator does what operators' commands ask for. Errors are told to the
// operator as they are.
type Operator interface {
	Users(ctx context.Context, after string, limit int) (Page, error)
	Add(ctx context.Context, u NewUser) (User, error)
	Approve(ctx context.Context, user string, l Link) error
	Unban(ctx context.Context, user string) error
	AddMachine(ctx context.Context, name string) (Machine, error)
	DropMachine(ctx context.Context, name string) error
	RotateKeys(ctx context.Context) error
	UserOperator
	PassOperator
	BanOperator
	PolicyOperator
}

var _ Operator = (*Client)(nil)

// Handler serves the socket.
func Handler(o Operator, log *slog.Logger) http.Handler {
	s := server{operator: o, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users", s.users)
	mux.HandleFunc("POST /users", s.add)
	mux.HandleFunc("POST /users/{user}/approve", s.approve)
	mux.HandleFunc("POST /users/{user}/unban", s.unban)
	s.userChanges(mux)
	mux.HandleFunc("POST /users/{user}/pass", s.pass)
	mux.HandleFunc("POST /machines/{name}", s.addMachine)
	mux.HandleFunc("DELETE /machines/{name}", s.dropMachine)
	mux.HandleFunc("POST /keys/rotate", s.rotate)
	mux.HandleFunc("GET /bans", s.bans)
	mux.HandleFunc("POST /bans/lift", s.liftBar)
	mux.HandleFunc("GET /policy/bundles", s.bundles)
	mux.HandleFunc("POST /policy/rollback", s.rollback)
	return mux
}

type server struct {
	operator Operator
	log      *slog.Logger
}

func (s server) users(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		s.answer(w, nil, errors.New("limit: expected a number"))
		return
	}
	page, err := s.operator.Users(r.Context(), r.URL.Query().Get("after"), limit)
	s.answer(w, page, err)
}

func (s server) add(w http.ResponseWriter, r *http.Request) {
	var u NewUser
	if !s.read(w, r, &u) {
		return
	}
	added, err := s.operator.Add(r.Context(), u)
	s.answer(w, added, err)
}

func (s server) approve(w http.ResponseWriter, r *http.Request) {
	var l Link
	if !s.read(w, r, &l) {
		return
	}
	s.answer(w, nil, s.operator.Approve(r.Context(), r.PathValue("user"), l))
}

func (s server) unban(w http.ResponseWriter, r *http.Request) {
	s.answer(w, nil, s.operator.Unban(r.Context(), r.PathValue("user")))
}

func (s server) addMachine(w http.ResponseWriter, r *http.Request) {
	added, err := s.operator.AddMachine(r.Context(), r.PathValue("name"))
	s.answer(w, added, err)
}

func (s server) dropMachine(w http.ResponseWriter, r *http.Request) {
	s.answer(w, nil, s.operator.DropMachine(r.Context(), r.PathValue("name")))
}

func (s server) rotate(w http.ResponseWriter, r *http.Request) {
	s.answer(w, nil, s.operator.RotateKeys(r.Context()))
}

func (s server) read(w http.ResponseWriter, r *http.Request, into any) bool {
	return s.readUpTo(w, r, maxBody, into)
}

func (s server) readUpTo(w http.ResponseWriter, r *http.Request, most int64, into any) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err == nil {
		err = strictjson.Decode(body, into)
	}
	if err != nil {
		s.answer(w, nil, errors.New("the request is not readable"))
		return false
	}
	return true
}

func (s server) answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		v = map[string]string{"error": err.Error()}
	}
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.log.Warn("operator not answered", "error", err)
	}
}
