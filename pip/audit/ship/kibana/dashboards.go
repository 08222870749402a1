package kibana

// dashboards are what a security team asks first.
func dashboards(points []string) []dashboard {
	return []dashboard{logIns(), denials(), bans(), patients(), faults(), intrusions(), health(points)}
}

func logIns() dashboard {
	const logIn = `event.category: "authentication" and event.type: "start"`
	return dashboard{
		name: "log-ins", title: "log-ins", about: "Who began sessions, from where, and who failed.",
		query: `event.category: ("authentication" or "session")`,
		panels: []panel{
			{name: "outcome", title: "log-ins by outcome", kind: overTime, query: logIn, by: "event.outcome"},
			{name: "reasons", title: "why log-ins failed", kind: table, query: logIn + ` and event.outcome: "failure"`, by: "event.reason"},
			{name: "addresses", title: "addresses with failed log-ins", kind: table, query: logIn + ` and event.outcome: "failure"`, by: "source.ip"},
			{name: "countries", title: "countries", kind: table, query: logIn, by: "source.geo.country_iso_code"},
			{name: "systems", title: "operating systems", kind: table, query: logIn, by: "user_agent.os.name"},
			{name: "browsers", title: "browsers", kind: table, query: logIn, by: "user_agent.name"},
		},
	}
}

func denials() dashboard {
	return dashboard{
		name: "denials", title: "denials by rule", about: "Which rules denied whom, and what was asked for.",
		query: `wardgate.kind: "decision" and wardgate.allow: false`,
		panels: []panel{
			{name: "rules", title: "denials by rule", kind: overTime, by: "rule.id"},
			{name: "rule-table", title: "rules", kind: table, by: "rule.id", size: 30},
			{name: "roles", title: "roles", kind: table, by: "user.roles"},
			{name: "users", title: "accounts", kind: table, by: "user.id", size: 20},
			{name: "actions", title: "actions", kind: table, by: "event.action", size: 20},
			{name: "revisions", title: "rule books", kind: overTime, by: "rule.version", size: 5},
		},
	}
}

func bans() dashboard {
	const banned = `event.action: ("user.ban" or "user.unban" or "ban.lift" or sentinel*)`
	return dashboard{
		name: "bans", title: "bans", about: "Who was banned, by whom, and who met a ban.",
		query: banned + ` or rule.id: (*_banned or *_barred)`,
		panels: []panel{
			{name: "actions", title: "bans and their lifting", kind: overTime, query: banned, by: "event.action"},
			{name: "accounts", title: "banned accounts", kind: table, query: banned, by: "wardgate.account", size: 20},
			{name: "by", title: "who banned", kind: table, query: banned, by: "user.id"},
			{name: "met", title: "requests that met a ban", kind: overTime, query: `rule.id: (*_banned or *_barred)`, by: "rule.id"},
		},
	}
}

func patients() dashboard {
	const read = `wardgate.kind: "outcome" and wardgate.patients: *`
	return dashboard{
		name: "patients", title: "access to patients", about: "Whose data was in answers, and who read it.",
		query: `wardgate.patients: *`,
		panels: []panel{
			{name: "accesses", title: "answers with patients' data", kind: overTime, query: read, by: "user.roles"},
			{name: "distinct", title: "distinct patients", kind: number, query: read, distinct: "wardgate.patients"},
			{name: "patients", title: "patients who were read most", kind: table, query: read, by: "wardgate.patients", size: 20},
			{name: "readers", title: "distinct patients by reader", kind: table, query: read, by: "user.id", distinct: "wardgate.patients", size: 20},
			{name: "actions", title: "actions", kind: table, query: read, by: "event.action", size: 20},
			{name: "rights", title: "by which right", kind: table, query: read, by: "wardgate.right", size: 20},
			{name: "refused", title: "refused by rule", kind: overTime, query: `wardgate.kind: "decision" and wardgate.allow: false`, by: "rule.id"},
		},
	}
}

func faults() dashboard {
	return dashboard{
		name: "errors", title: "error rates", about: "Statuses of answers, and where errors come from.",
		query: `wardgate.kind: "outcome"`,
		panels: []panel{
			{name: "statuses", title: "answers by status", kind: overTime, by: "http.response.status_code"},
			{name: "errors", title: "server errors", kind: overTime, query: `http.response.status_code >= 500`, by: "wardgate.detail"},
			{name: "actions", title: "actions with server errors", kind: table, query: `http.response.status_code >= 500`, by: "event.action", size: 20},
			{name: "paths", title: "paths with client errors", kind: table, query: `http.response.status_code >= 400 and http.response.status_code < 500`, by: "url.path", size: 20},
		},
	}
}

func intrusions() dashboard {
	return dashboard{
		name: "intrusions", title: "intrusion alerts", about: "Stolen sessions, replayed tokens, impossible travel.",
		query: `event.kind: "alert"`,
		panels: []panel{
			{name: "alerts", title: "alerts", kind: overTime, by: "event.reason"},
			{name: "count", title: "alerts in all", kind: number},
			{name: "users", title: "accounts", kind: table, by: "user.id", size: 20},
			{name: "addresses", title: "addresses", kind: table, by: "source.ip", size: 20},
			{name: "countries", title: "countries", kind: table, by: "source.geo.country_iso_code"},
			{name: "sessions", title: "sessions", kind: table, by: "wardgate.session", size: 20},
		},
	}
}

func health(points []string) dashboard {
	d := dashboard{
		name: "health", title: "health of information points", about: "How far the facts were believed that decisions were made from.",
		query: `wardgate.kind: "decision"`,
	}
	for _, source := range points {
		d.panels = append(d.panels, panel{name: source, title: source, kind: overTime, by: "wardgate.facts." + source})
	}
	d.panels = append(d.panels, panel{
		name: "unavailable", title: "decisions that too little was known for", kind: overTime,
		query: `rule.id: (*_unknown or *_unavailable)`, by: "rule.id",
	})
	return d
}
