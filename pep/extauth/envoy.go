package extauth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	kind "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pep"
)

// An Envoy answers envoy.service.auth.v3.Authorization/Check. It never answers
// with a gRPC error: an Envoy that is told to let requests pass when the
// authorization service fails would take that for a failure.
type Envoy struct {
	auth.UnimplementedAuthorizationServer

	checker Checker
	log     *slog.Logger
}

var _ auth.AuthorizationServer = (*Envoy)(nil)

// NewEnvoy returns the service over a checker.
func NewEnvoy(c Checker, log *slog.Logger) (*Envoy, error) {
	switch {
	case c == nil:
		return nil, errors.New("answers to Envoy: a checker is required")
	case log == nil:
		return nil, errors.New("answers to Envoy: a logger is required")
	}
	return &Envoy{checker: c, log: log}, nil
}

// Check answers about one request. The error is always nil.
func (e *Envoy) Check(ctx context.Context, r *auth.CheckRequest) (answer *auth.CheckResponse, _ error) {
	defer func() {
		if fault := recover(); fault != nil {
			// What it says may quote the request.
			e.log.Error("a question of Envoy's ended in a panic")
			answer = denied(&pep.Check{Problem: problem.New(http.StatusServiceUnavailable, "decision_unavailable")})
		}
	}()
	q := fromEnvoy(r.GetAttributes())
	v := e.checker.Check(ctx, q)
	if !v.Allow {
		return denied(&v), nil
	}
	return allowed(q, &v, r.GetAttributes().GetRequest().GetHttp().GetScheme()), nil
}

// allowed lets Envoy forward what Wardgate would have forwarded: with the
// assertion, and without every header that would not have gone on.
func allowed(q *pep.Question, v *pep.Check, scheme string) *auth.CheckResponse {
	set := [][2]string{
		{assertion.Header, v.Assertion},
		{DecisionHeader, v.Decision},
		{"X-Forwarded-Proto", scheme},
	}
	if q.Client.IsValid() {
		set = append(set, [2]string{"X-Forwarded-For", q.Client.String()})
	}
	ok := &auth.OkHttpResponse{HeadersToRemove: removed(v.Drop, set)}
	for _, h := range set {
		ok.Headers = append(ok.Headers, overwrite(h[0], h[1]))
	}
	return &auth.CheckResponse{
		Status:       &status.Status{Code: int32(codes.OK)},
		HttpResponse: &auth.CheckResponse_OkResponse{OkResponse: ok},
	}
}

// framed names the headers that belong to Envoy's own connection.
var framed = []string{"host", "content-length", "transfer-encoding"}

// removed leaves out what Envoy must keep for the message's framing, and what
// it is told to overwrite: it removes last, and would remove our own.
func removed(drop []string, set [][2]string) []string {
	var names []string
	for _, name := range drop {
		name = strings.ToLower(name)
		overwritten := slices.ContainsFunc(set, func(h [2]string) bool { return strings.EqualFold(h[0], name) })
		if !overwritten && !slices.Contains(framed, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// denied carries the problem document that a client of Wardgate's own gets.
func denied(v *pep.Check) *auth.CheckResponse {
	var body bytes.Buffer
	// Strings and numbers always encode; without a body it is still a denial.
	_ = json.NewEncoder(&body).Encode(v.Problem)
	deny := &auth.DeniedHttpResponse{
		Status: &kind.HttpStatus{Code: statusCode(v.Problem.Status)},
		Body:   body.String(),
		Headers: []*core.HeaderValueOption{
			overwrite("Content-Type", problem.ContentType),
			overwrite("Cache-Control", "no-store"),
			overwrite("X-Content-Type-Options", "nosniff"),
		},
	}
	for name, values := range v.Header {
		for _, value := range values {
			deny.Headers = append(deny.Headers, overwrite(name, value))
		}
	}
	if v.Page != nil {
		deny = page(v.Page)
	}
	code := codes.PermissionDenied
	if v.Problem.Status == http.StatusUnauthorized {
		code = codes.Unauthenticated
	}
	return &auth.CheckResponse{
		Status:       &status.Status{Code: int32(code)},
		HttpResponse: &auth.CheckResponse_DeniedResponse{DeniedResponse: deny},
	}
}

// page is a whole answer to a browser, a redirection among them.
func page(a *pep.Answer) *auth.DeniedHttpResponse {
	deny := &auth.DeniedHttpResponse{Status: &kind.HttpStatus{Code: statusCode(a.Status)}, Body: string(a.Body)}
	if a.Status == http.StatusSeeOther {
		deny.Status.Code = kind.StatusCode_SeeOther
	}
	for name, values := range a.Header {
		for i, value := range values {
			h := overwrite(name, value)
			if i > 0 {
				h.AppendAction = core.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD
			}
			deny.Headers = append(deny.Headers, h)
		}
	}
	return deny
}

// statusCode never yields a status that Envoy does not know, or one of success.
func statusCode(s int) kind.StatusCode {
	code := kind.StatusCode(int32(s))
	if _, known := kind.StatusCode_name[int32(code)]; !known || s < http.StatusBadRequest {
		return kind.StatusCode_Forbidden
	}
	return code
}

func overwrite(name, value string) *core.HeaderValueOption {
	return &core.HeaderValueOption{
		Header:       &core.HeaderValue{Key: strings.ToLower(name), Value: value},
		AppendAction: core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}
