package elastic

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/wardgate/wardgate/pip/audit/ecs"
)

// Names of what Setup makes.
const (
	policyName    = "wardgate-audit"
	componentName = "wardgate-audit@mappings"
	templateName  = "wardgate-audit"
	streamPrefix  = "logs-" + ecs.Dataset + "-"

	// DefaultStream is where records go unless the configuration says otherwise.
	DefaultStream = streamPrefix + "default"
)

// version counts what Setup makes, so that an older program does not undo it.
const version = 1

type object = map[string]any

// Mapping is the mapping of every field that documents have. A field that is
// not in it is kept and not indexed: no document is refused for a field that
// only a newer program knows.
func Mapping() map[string]any {
	properties := object{}
	var dynamic []any
	for _, f := range ecs.Fields() {
		if open, ok := strings.CutSuffix(f.Name, ".*"); ok {
			set(properties, open, object{"type": "object", "dynamic": true})
			dynamic = append(dynamic, object{strings.ReplaceAll(open, ".", "_"): object{
				"path_match": f.Name, "mapping": object{"type": f.Type},
			}})
			continue
		}
		set(properties, f.Name, fieldMapping(f))
	}
	return object{"dynamic": false, "date_detection": false, "properties": properties, "dynamic_templates": dynamic}
}

// fieldMapping bounds keywords: Elasticsearch refuses a document for one that
// is longer than 32,766 bytes. What does not fit its type is left out of the
// index and kept in the document.
func fieldMapping(f ecs.Field) object {
	m := object{"type": f.Type}
	switch f.Type {
	case "keyword":
		m["ignore_above"] = 1024
	case "ip", "long":
		m["ignore_malformed"] = true
	case "constant_keyword":
		// The first document of a stream says the value.
	}
	return m
}

// set puts a mapping at a dotted name.
func set(properties object, name string, mapping object) {
	parent, rest, nested := strings.Cut(name, ".")
	if !nested {
		properties[name] = mapping
		return
	}
	child, ok := properties[parent].(object)
	if !ok {
		child = object{"properties": object{}}
		properties[parent] = child
	}
	set(child["properties"].(object), rest, mapping)
}

// A Step is one thing that Setup makes: a PUT of Body to Path.
type Step struct {
	Name string         `json:"name"`
	Path string         `json:"path"`
	Body map[string]any `json:"body,omitempty"`
}

// Steps are what Setup does, in order. They depend on the plan alone, so that
// they can be shown, and carried out by hand.
func Steps(p Plan) []Step {
	settings := object{"index.mapping.total_fields.limit": 500}
	var steps []Step
	if p.lifecycle() {
		settings["index.lifecycle.name"] = policyName
		steps = append(steps, Step{"lifecycle policy", "/_ilm/policy/" + policyName, lifecycle(p)})
	}
	steps = append(steps,
		Step{"component template", "/_component_template/" + componentName, object{
			"version":  version,
			"_meta":    meta(),
			"template": object{"mappings": Mapping()},
		}},
		Step{"index template", "/_index_template/" + templateName, object{
			"index_patterns": []any{streamPrefix + "*"},
			"data_stream":    object{},
			"composed_of":    []any{componentName},
			"priority":       500, // above the templates that come with Elasticsearch
			"version":        version,
			"_meta":          meta(),
			"template":       object{"settings": settings},
		}},
		Step{"data stream", "/_data_stream/" + p.Stream, nil},
		Step{"mapping of the stream", "/" + p.Stream + "/_mapping", object{"properties": Mapping()["properties"]}},
	)
	return steps
}

func meta() object {
	return object{"description": "Wardgate's journal in the Elastic Common Schema", "managed_by": "wardgate events setup", "ecs": ecs.Version}
}

// lifecycle begins a new index each day or at 25 GB, and removes one when its
// time is over.
func lifecycle(p Plan) object {
	return object{"policy": object{
		"_meta": meta(),
		"phases": object{
			"hot": object{"min_age": "0ms", "actions": object{
				"rollover": object{"max_age": "1d", "max_primary_shard_size": "25gb"},
			}},
			"delete": object{"min_age": fmt.Sprintf("%dd", p.DeleteAfterDays), "actions": object{"delete": object{}}},
		},
	}}
}

func encode(body map[string]any) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	return json.Marshal(body)
}
