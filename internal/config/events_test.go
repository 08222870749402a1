package config_test

import "testing"

func TestEventsConfiguration(t *testing.T) {
	const es, ls = "stores:\n  events:\n    elasticsearch:\n", "stores:\n  events:\n    logstash:\n"
	tests := []struct {
		name, yaml string
		environ    []string
		demo       bool
		want       string // part of the fault, "" for none
	}{
		{"whole", es + "      addresses: [https://es1.hospital.test:9200, https://es2.hospital.test:9200]\n      username: w\n      password_file: p\n      delete_after_days: 30\n", nil, false, ""},
		{"by environment", "", []string{"WARDGATE_STORES_EVENTS_ELASTICSEARCH_ADDRESSES=https://a:9200,https://b:9200", "WARDGATE_STORES_EVENTS_ELASTICSEARCH_DELETE_AFTER_DAYS=7"}, false, ""},
		{"Logstash", ls + "      url: https://logstash.hospital.test:8443/\n", nil, false, ""},
		{"plain to this machine", es + "      addresses: [\"http://127.0.0.1:9200\"]\n", nil, true, ""},
		{"plain to another machine", es + "      addresses: [\"http://es.hospital.test:9200\"]\n", nil, false, "stores.events.elasticsearch.addresses: expected https"},
		{"a password in an address", es + "      addresses: [\"https://a:b@es:9200\"]\n", nil, false, "without a name or a password"},
		{"one address is no list", es + "      addresses: https://es:9200\n", nil, false, ":4: stores.events.elasticsearch.addresses: expected a list"},
		{"days that are a text", es + "      delete_after_days: ten\n", nil, false, ":4: stores.events.elasticsearch.delete_after_days: expected a number"},
		{"negative days", es + "      delete_after_days: -1\n", nil, false, "delete_after_days: the days before deletion are negative"},
		{"a name without a password", es + "      addresses: [\"https://es:9200\"]\n      username: w\n", nil, false, "one is set without the other"},
		{"two credentials", es + "      addresses: [\"https://es:9200\"]\n      username: w\n      password_file: p\n      api_key_file: k\n", nil, false, "either an API key or"},
		{"credentials for nobody", es + "      api_key_file: k\n", nil, false, "addresses: expected a node's address"},
		{"Logstash without an address", ls + "      ca_file: ca.pem\n", nil, false, "stores.events.logstash.url: expected the address"},
		{"signals beside the events", es + "      addresses: [\"https://es:9200\"]\n  signals: elasticsearch\n", nil, false, ""},
		{"signals in no Elasticsearch", "stores:\n  signals: elasticsearch\n", nil, false, "stores.signals: elasticsearch needs"},
		{"signals elsewhere", "stores:\n  signals: memory\n", nil, false, "stores.signals: expected sql or elasticsearch"},
		{"Logstash in plain", ls + "      url: http://logstash.hospital.test:8080\n", nil, false, "stores.events.logstash.url: expected https"},
		{"the demo's events to another machine", ls + "      url: https://logstash.hospital.test:8443\n", nil, true, "this machine alone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { readsAs(t, tt.yaml, tt.environ, tt.demo, tt.want) })
	}
}
