package records

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wardgate/wardgate/internal/problem"
)

// OpenAPI returns the service's contract as an OpenAPI 3.1 document, made from
// the same routes and types that serve.
func (s *Service) OpenAPI() ([]byte, error) {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	api := &huma.OpenAPI{
		OpenAPI:    "3.1.0",
		Info:       &huma.Info{Title: "Wardgate records", Version: "1"},
		Components: &huma.Components{Schemas: registry},
	}
	fault := registry.Schema(reflect.TypeFor[problem.Document](), true, "Problem")
	for _, r := range s.routes() {
		api.AddOperation(r.operation(registry, fault))
	}
	data, err := json.Marshal(api)
	if err != nil {
		return nil, fmt.Errorf("write OpenAPI document: %w", err)
	}
	return data, nil
}

func (r route) operation(registry huma.Registry, fault *huma.Schema) *huma.Operation {
	success := &huma.Response{Description: "done"}
	if r.answer != nil {
		schema := registry.Schema(r.answer, true, r.name())
		success.Content = map[string]*huma.MediaType{"application/json": {Schema: schema}}
	}
	op := &huma.Operation{
		OperationID: r.name(), Method: r.method, Path: r.path, Summary: r.summary, Parameters: r.parameters(),
		Responses: map[string]*huma.Response{
			strconv.Itoa(r.status): success,
			"default": {Description: "not done", Content: map[string]*huma.MediaType{
				problem.ContentType: {Schema: fault}}},
		},
	}
	if r.form != nil {
		schema := registry.Schema(r.form, true, r.name())
		op.RequestBody = &huma.RequestBody{Required: true,
			Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
	}
	return op
}

func (r route) parameters() []*huma.Param {
	var params []*huma.Param
	if strings.Contains(r.path, "{id}") {
		params = append(params, &huma.Param{Name: "id", In: "path", Required: true,
			Schema: &huma.Schema{Type: huma.TypeString}})
	}
	for _, name := range r.query {
		params = append(params, &huma.Param{Name: name, In: "query", Schema: &huma.Schema{Type: huma.TypeString}})
	}
	return params
}

// name is the operation's id: "get-patients-id-services".
func (r route) name() string {
	parts := strings.FieldsFunc(strings.TrimPrefix(r.path, "/api"), func(c rune) bool { return strings.ContainsRune("/{}", c) })
	return strings.ToLower(r.method) + "-" + strings.Join(parts, "-")
}
