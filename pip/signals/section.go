package signals

import (
	"errors"
	"fmt"

	"github.com/wardgate/wardgate/pip"
)

// Section is what rules see of behaviour. What is not known has no word: it is
// never low.
func Section() pip.Section {
	s := pip.Measured("signals", pip.Freshness{StaleAfter: 5, UnknownAfter: 60},
		pip.WordOf("requests", "", "usual", "many"), pip.WordOf("denials", "", "usual", "many"),
		pip.WordOf("failed_log_ins", "", "usual", "many"), pip.WordOf("patients", "", "usual", "many", "far_more"),
		pip.WordOf("predictions", "", "usual", "many"))
	s.Wording = func(t pip.Tables) (any, error) {
		var w wording
		if err := t.Read("thresholds", &w); err != nil {
			return nil, err
		}
		return &w, w.fault()
	}
	s.Reword = reword
	return s
}

// The measures of behaviour, by the numbers under which they are journalled. More are
// added behind these.
const (
	countRequests = iota
	countDenials
	countFailedLogIns
	countPatients
	countPatientsUsual
	countPredictions
)

// wording is from which counts on behaviour is "many".
type wording struct {
	RequestsMany         int `json:"requests_many"`
	DenialsMany          int `json:"denials_many"`
	FailedLogInsMany     int `json:"failed_log_ins_many"`
	PatientsMany         int `json:"patients_many"`
	PatientsFarMore      int `json:"patients_far_more"`
	PatientsHabitFloor   int `json:"patients_habit_floor"`
	PatientsManyTimes    int `json:"patients_many_times"`
	PatientsFarMoreTimes int `json:"patients_far_more_times"`
	PredictionsMany      int `json:"predictions_many"`
}

func (b *wording) fault() error {
	var faults []error
	for _, row := range []struct {
		name string
		n    int
	}{
		{"requests_many", b.RequestsMany}, {"denials_many", b.DenialsMany}, {"failed_log_ins_many", b.FailedLogInsMany},
		{"patients_many", b.PatientsMany}, {"patients_far_more", b.PatientsFarMore},
		{"patients_habit_floor", b.PatientsHabitFloor}, {"patients_many_times", b.PatientsManyTimes},
		{"patients_far_more_times", b.PatientsFarMoreTimes}, {"predictions_many", b.PredictionsMany},
	} {
		if row.n <= 0 {
			faults = append(faults, fmt.Errorf("thresholds.%s: expected a whole number above 0", row.name))
		}
	}
	return errors.Join(faults...)
}

// patients is "usual", "many" or "far_more": against the numbers that hold for
// everybody, and against the subject's own habit, where there is one.
func (b *wording) patients(n, usual int64) string {
	over := func(most, times int) bool {
		byHabit := usual > 0 && n >= int64(b.PatientsHabitFloor) && n > int64(times)*usual
		return n >= int64(most) || byHabit
	}
	switch {
	case over(b.PatientsFarMore, b.PatientsFarMoreTimes):
		return "far_more"
	case over(b.PatientsMany, b.PatientsManyTimes):
		return "many"
	default:
		return "usual"
	}
}

// Write says what counts mean by the thresholds.
func Write(s *pip.Signals, w pip.Words) {
	w.Trust(s.Reading)
	if s.State != pip.Unknown {
		w.Measure(countRequests, int64(s.Requests))
		w.Measure(countDenials, int64(s.Denials))
		w.Measure(countFailedLogIns, int64(s.FailedLogIns))
		w.Measure(countPatients, int64(s.Patients))
		w.Measure(countPatientsUsual, int64(s.PatientsUsual))
		w.Measure(countPredictions, int64(s.Predictions))
	}
	reword(nil, w)
}

// reword says what counts mean. What is too old to be known has no word.
func reword(_ *pip.Situation, w pip.Words) {
	b := w.Wording().(*wording)
	if state, _ := w.Trusted(); state == pip.Unknown {
		for _, member := range [...]string{"requests", "denials", "failed_log_ins", "patients", "predictions"} {
			w.Word(member, "")
		}
		return
	}
	requests, known := w.Measured(countRequests)
	if !known {
		w.Untold("thresholds")
		return
	}
	denials, _ := w.Measured(countDenials)
	failed, _ := w.Measured(countFailedLogIns)
	patients, _ := w.Measured(countPatients)
	usual, _ := w.Measured(countPatientsUsual)
	predictions, _ := w.Measured(countPredictions)
	w.Word("requests", word(requests, b.RequestsMany))
	w.Word("denials", word(denials, b.DenialsMany))
	w.Word("failed_log_ins", word(failed, b.FailedLogInsMany))
	w.Word("patients", b.patients(patients, usual))
	w.Word("predictions", word(predictions, b.PredictionsMany))
}

func word(n int64, many int) string {
	if n >= int64(many) {
		return "many"
	}
	return "usual"
}
