package kibana

import (
	"encoding/json"
	"fmt"

	"github.com/wardgate/wardgate/pip/audit/ecs"
)

// A panel is one chart: rows of a field's values, or a course over time, of
// how many documents a query finds, or how many distinct values of a field.
type panel struct {
	name     string // within its dashboard, for its id
	title    string
	kind     kind
	query    string // KQL
	by       string // field whose values are told apart; "" for none
	distinct string // field whose distinct values are counted; "" counts documents
	size     int    // how many values; 10 when zero
}

type kind string

const (
	overTime kind = "over time" // bars by time, stacked by the field's values
	table    kind = "table"     // rows of the field's values
	number   kind = "number"    // one figure
)

const layer = "main"

// visualization is the panel as a Lens object.
func (p panel) visualization(dashboard string) saved {
	columns, order := p.columns()
	state := object{
		"datasourceStates": object{"formBased": object{"layers": object{layer: object{
			"columnOrder": order, "columns": columns, "incompleteColumns": object{},
		}}}},
		"visualization": p.chart(),
		"query":         object{"query": p.query, "language": "kuery"},
		"filters":       []any{},
	}
	return saved{
		ID: p.id(dashboard), Type: "lens", Core: coreVersion, TypeMigrations: "8.9.0",
		Attributes: object{"title": "Wardgate: " + p.title, "description": "", "visualizationType": p.visualizationType(), "state": state},
		References: []reference{{ID: viewID, Name: "indexpattern-datasource-layer-" + layer, Type: "index-pattern"}},
	}
}

func (p panel) id(dashboard string) string { return fmt.Sprintf("wardgate-%s-%s", dashboard, p.name) }

func (p panel) columns() (columns object, order []string) {
	columns = object{"value": p.value()}
	if p.by != "" {
		columns["by"] = p.values()
		order = append(order, "by")
	}
	if p.kind == overTime {
		columns["time"] = object{
			"label": "@timestamp", "dataType": "date", "operationType": "date_histogram", "sourceField": "@timestamp",
			"isBucketed": true, "scale": "interval", "params": object{"interval": "auto", "includeEmptyRows": true, "dropPartials": false},
		}
		order = append(order, "time")
	}
	return columns, append(order, "value")
}

func (p panel) value() object {
	if p.distinct == "" {
		return object{
			"label": "Records", "dataType": "number", "operationType": "count", "sourceField": "___records___",
			"isBucketed": false, "scale": "ratio", "params": object{"emptyAsNull": false},
		}
	}
	return object{
		"label": "Distinct " + p.distinct, "dataType": "number", "operationType": "unique_count", "sourceField": p.distinct,
		"isBucketed": false, "scale": "ratio", "params": object{"emptyAsNull": false},
	}
}

func (p panel) values() object {
	size := p.size
	if size == 0 {
		size = 10
	}
	return object{
		"label": p.by, "dataType": dataType(p.by), "operationType": "terms", "sourceField": p.by, "isBucketed": true, "scale": "ordinal",
		"params": object{
			"size": size, "orderBy": object{"type": "column", "columnId": "value"}, "orderDirection": "desc",
			"otherBucket": p.kind == overTime, "missingBucket": false, "parentFormat": object{"id": "terms"},
		},
	}
}

// dataType is Lens's word for what the mapping says of a field.
func dataType(field string) string {
	for _, f := range ecs.Fields() {
		if f.Name != field {
			continue
		}
		switch f.Type {
		case "long":
			return "number"
		case "ip", "boolean", "date":
			return f.Type
		}
	}
	return "string"
}

func (p panel) visualizationType() string {
	switch p.kind {
	case overTime:
		return "lnsXY"
	case number:
		return "lnsMetric"
	default:
		return "lnsDatatable"
	}
}

func (p panel) chart() object {
	switch p.kind {
	case overTime:
		bars := object{
			"layerId": layer, "layerType": "data", "seriesType": "bar_stacked", "accessors": []string{"value"}, "xAccessor": "time",
		}
		if p.by != "" {
			bars["splitAccessor"] = "by"
		}
		return object{
			"legend": object{"isVisible": true, "position": "right"}, "preferredSeriesType": "bar_stacked",
			"valueLabels": "hide", "layers": []any{bars},
		}
	case number:
		return object{"layerId": layer, "layerType": "data", "metricAccessor": "value"}
	default:
		return object{
			"layerId": layer, "layerType": "data",
			"columns": []any{object{"columnId": "by"}, object{"columnId": "value"}},
		}
	}
}

// A dashboard is a page of panels.
type dashboard struct {
	name   string // for its id
	title  string
	about  string
	query  string // KQL that narrows all panels
	panels []panel
}

// Panels stand in two columns of Kibana's grid of 48; figures are half as wide.
const (
	width  = 24
	height = 12
)

func (d dashboard) objects() ([]saved, error) {
	var out []saved
	var placed []any
	references := []reference{}
	for i, p := range d.panels {
		id := fmt.Sprintf("%d", i+1)
		placed = append(placed, object{
			"type": "lens", "panelIndex": id, "panelRefName": "panel_" + id, "embeddableConfig": object{"enhancements": object{}},
			"gridData": object{"i": id, "x": i % 2 * width, "y": i / 2 * height, "w": width, "h": height},
		})
		references = append(references, reference{ID: p.id(d.name), Name: id + ":panel_" + id, Type: "lens"})
		out = append(out, p.visualization(d.name))
	}
	panels, err := json.Marshal(placed)
	if err != nil {
		return nil, err
	}
	search, err := json.Marshal(object{"query": object{"query": d.query, "language": "kuery"}, "filter": []any{}})
	if err != nil {
		return nil, err
	}
	return append(out, saved{
		ID: "wardgate-" + d.name, Type: "dashboard", Core: coreVersion, TypeMigrations: "8.9.0", References: references,
		Attributes: object{
			"title": "Wardgate: " + d.title, "description": d.about, "panelsJSON": string(panels), "version": 1,
			"optionsJSON": `{"useMargins":true,"syncColors":true,"hidePanelTitles":false}`, "timeRestore": true,
			"timeFrom": "now-24h", "timeTo": "now", "refreshInterval": object{"pause": true, "value": 60000},
			"kibanaSavedObjectMeta": object{"searchSourceJSON": string(search)},
		},
	}), nil
}
