// Package kibana writes the dashboards over what was shipped, as saved objects
// that Kibana 8 imports. It calls no server: the same program prints the same
// objects, under ids that do not change, so that importing them again replaces
// them and adds nothing.
package kibana

import (
	"encoding/json"
	"fmt"
	"io"
)

// The data view that everything looks at.
const (
	viewID      = "wardgate-audit"
	viewPattern = "logs-wardgate.audit-*"
)

type object = map[string]any

// A saved object as Kibana's import takes it, one a line.
type saved struct {
	ID             string      `json:"id"`
	Type           string      `json:"type"`
	Attributes     object      `json:"attributes"`
	References     []reference `json:"references"`
	Core           string      `json:"coreMigrationVersion"`
	TypeMigrations string      `json:"typeMigrationVersion,omitempty"`
}

type reference struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

// coreVersion is the oldest Kibana that is asked for.
const coreVersion = "8.8.0"

// Write prints the data view, the panels and the dashboards (points are the names
// of the information points), and last the line that says how many they are.
func Write(w io.Writer, points []string) error {
	objects := []saved{view()}
	for _, d := range dashboards(points) {
		made, err := d.objects()
		if err != nil {
			return fmt.Errorf("write dashboards: %w", err)
		}
		objects = append(objects, made...)
	}
	e := json.NewEncoder(w)
	for _, o := range objects {
		if err := e.Encode(o); err != nil {
			return fmt.Errorf("write dashboards: %w", err)
		}
	}
	err := e.Encode(object{
		"exportedCount": len(objects), "missingRefCount": 0, "missingReferences": []any{},
		"excludedObjects": []any{}, "excludedObjectsCount": 0,
	})
	if err != nil {
		return fmt.Errorf("write dashboards: %w", err)
	}
	return nil
}

func view() saved {
	return saved{
		ID: viewID, Type: "index-pattern", Core: coreVersion, TypeMigrations: "8.0.0", References: []reference{},
		Attributes: object{"title": viewPattern, "name": "Wardgate: journal", "timeFieldName": "@timestamp"},
	}
}
