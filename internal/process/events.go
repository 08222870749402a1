package process

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pip/audit/ecs"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/ship"
	"github.com/wardgate/wardgate/pip/audit/ship/elastic"
	"github.com/wardgate/wardgate/pip/audit/ship/logstash"
)

// shipDir is where the shippers keep their cursors, and what was refused.
const shipDir = "shipping"

// shipEvents starts a shipper for each place that the configuration names. A
// place that does not answer holds nothing up: records wait in the journal.
func (a *Process) shipEvents() error {
	sinks, err := sinks(&a.config.Stores.Events)
	if err != nil {
		return err
	}
	for name, sink := range sinks {
		s, err := ship.New(ship.Parts{
			Name: name, Journal: a.config.AuditConfig().Dir, State: filepath.Join(a.config.Data, shipDir),
			Sink: sink, Encode: ecsDocument,
		}, ship.Config{Journal: a.journal, Head: a.journal.journal.Head, Log: a.log.With("part", "shipping")})
		if err != nil {
			return fmt.Errorf("stores.events: %w", err)
		}
		a.shippers = append(a.shippers, s)
		a.inBackground(s.Run)
		a.metrics.registry.MustRegister(shipping{s, prometheus.Labels{"sink": name}})
	}
	return nil
}

func ecsDocument(chain string, r *reader.Record) (ship.Document, error) {
	body, err := ecs.Document(chain, r)
	return ship.Document{ID: ecs.ID(chain, r), Body: body}, err
}

// sinks are the places, by name. None is called yet.
func sinks(c *config.Events) (map[string]ship.Sink, error) {
	sinks := map[string]ship.Sink{}
	if len(c.Elasticsearch.Addresses) > 0 {
		client, err := connectElastic(c)
		if err != nil {
			return nil, err
		}
		sinks["elasticsearch"] = elastic.New(client, c.Plan().Stream)
	}
	if c.Logstash.URL != "" {
		input, err := c.LogstashInput()
		if err != nil {
			return nil, err
		}
		sink, err := logstash.New(input)
		if err != nil {
			return nil, fmt.Errorf("stores.events.logstash: %w", err)
		}
		sinks["logstash"] = sink
	}
	return sinks, nil
}

// connectElastic is a client of the configured Elasticsearch, which it does not
// call yet.
func connectElastic(c *config.Events) (*elastictransport.Client, error) {
	server, err := c.Elastic()
	if err != nil {
		return nil, err
	}
	client, err := elastic.Connect(server)
	if err != nil {
		return nil, fmt.Errorf("stores.events.elasticsearch: %w", err)
	}
	return client, nil
}

// EventSteps are what SetupEvents would do.
func EventSteps(c *config.Config) ([]elastic.Step, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	return elastic.Steps(c.Stores.Events.Plan()), nil
}

// SetupEvents makes templates, lifecycle and data stream in the configured
// Elasticsearch. It may be repeated.
func SetupEvents(ctx context.Context, c *config.Config, done func(elastic.Step)) error {
	if err := c.Check(); err != nil {
		return err
	}
	if len(c.Stores.Events.Elasticsearch.Addresses) == 0 {
		return fmt.Errorf("stores.events.elasticsearch.addresses: expected a node's address; there is nowhere to set up")
	}
	client, err := connectElastic(&c.Stores.Events)
	if err != nil {
		return err
	}
	return elastic.Setup(ctx, client, c.Stores.Events.Plan(), done)
}

// shipping tells operators how a shipper fares.
type shipping struct {
	shipper *ship.Shipper
	labels  prometheus.Labels
}

func (s shipping) describe(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("wardgate_shipping_"+name, help, nil, s.labels)
}

// Describe sends nothing: a collector's metrics are those that Collect sends.
func (s shipping) Describe(chan<- *prometheus.Desc) {}

// Collect reads the shipper's status once.
func (s shipping) Collect(out chan<- prometheus.Metric) {
	st := s.shipper.Status()
	failing, last := 0.0, 0.0
	if st.Fault != nil {
		failing = 1
	}
	if !st.LastSuccess.IsZero() {
		last = float64(st.LastSuccess.UnixMilli()) / float64(time.Second/time.Millisecond)
	}
	for _, m := range []struct {
		name, help string
		kind       prometheus.ValueType
		value      float64
	}{
		{"behind_records", "Acknowledged records that the sink does not have yet.", prometheus.GaugeValue, float64(st.Behind)},
		{"lag_seconds", "Age of the oldest record that is being offered; 0 when none is.", prometheus.GaugeValue, st.Lag.Seconds()},
		{"failing", "1 while the newest attempt has failed.", prometheus.GaugeValue, failing},
		{"last_success_timestamp_seconds", "When records were last taken; 0 for not since the start.", prometheus.GaugeValue, last},
		{"records_total", "Records taken since the start.", prometheus.CounterValue, float64(st.Shipped)},
		{"refused_total", "Records refused for good and set aside since the start.", prometheus.CounterValue, float64(st.Refused)},
		{"failures_total", "Attempts that failed since the start.", prometheus.CounterValue, float64(st.Failures)},
	} {
		out <- prometheus.MustNewConstMetric(s.describe(m.name, m.help), m.kind, m.value)
	}
}
