package identity

import "github.com/wardgate/wardgate/pip"

// Section is what rules see of how far ID management is trusted. Who it is stands
// under subject.properties, from pip.Facts.
func Section() pip.Section {
	return pip.Measured("identity", pip.Freshness{StaleAfter: 5, UnknownAfter: 30})
}
