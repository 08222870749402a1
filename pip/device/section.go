package device

import "github.com/wardgate/wardgate/pip"

// Section is what rules see of a device.
func Section() pip.Section {
	return pip.Measured("device", pip.Freshness{StaleAfter: 5, UnknownAfter: 30},
		pip.WordOf("match", "", string(pip.DeviceSame), string(pip.DeviceChanged), string(pip.DeviceUnseen)))
}

// Write says how a device compares.
func Write(d *pip.Device, w pip.Words) {
	w.Trust(d.Reading)
	w.Word("match", string(d.Match))
}
