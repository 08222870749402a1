package config

// Where counts of behaviour are kept: stores.signals.
const (
	SignalsInSQL           = "sql"
	SignalsInElasticsearch = "elasticsearch"
)

func (c *Config) checkSignals(fault func(string, ...any)) {
	switch c.Stores.Signals {
	case SignalsInSQL:
	case SignalsInElasticsearch:
		if len(c.Stores.Events.Elasticsearch.Addresses) == 0 {
			fault("stores.signals: elasticsearch needs stores.events.elasticsearch.addresses")
		}
	default:
		fault("stores.signals: expected sql or elasticsearch")
	}
}

// ReportsBehaviour reports whether this process's enforcement point asks an
// engine elsewhere, which sees its decisions and nothing of its answers.
func (c *Config) ReportsBehaviour() bool { return c.Runs(RolePEP) && !c.Runs(RoleEngine) }
