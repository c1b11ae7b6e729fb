package main

import (
	"fmt"
	"log"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"example.org/nimbot/pb"
)

// hear takes one message of the extended wire, and returns how the match ended, once it has. What only newer brokers
// say is passed over.
func (b *bot) hear(wire framing, m message) (outcome string, err error) {
	switch m.code {
	case welcome:
		return "", b.hearWelcome(m)
	case start:
		return "", b.hearStart(m)
	case request:
		return "", b.answer(wire, m)
	case notTaken:
		return "", hearNotTaken(m)
	case ping:
		return "", wire.write(message{pong, m.body})
	case refusal:
		refused := &pb.Refusal{}
		if err := parse(m, refused); err != nil {
			return "", err
		}
		return "", &refusedError{refused}
	case over:
		told := &pb.Outcome{}
		err := parse(m, told)
		return strings.TrimSpace(fmt.Sprint(told.Cause, " ", told.Detail)), err
	}
	return "", nil
}

// hearWelcome keeps the key at once: the start may be lost on its way, with the connection.
func (b *bot) hearWelcome(m message) error {
	b.welcome = &pb.Welcome{}
	if err := parse(m, b.welcome); err != nil {
		return err
	}
	b.key = b.welcome.ResumeKey
	return nil
}

func (b *bot) hearStart(m message) error {
	told := &pb.Start{}
	if err := parse(m, told); err != nil {
		return err
	}
	if b.started {
		log.Printf("back in match %s", told.MatchId)
	} else {
		log.Printf("started: match %s, seat %d of %d", told.MatchId, told.GetSeat(), len(told.Players))
	}
	b.started = true
	return nil
}

func (b *bot) answer(wire framing, m message) error {
	asked := &pb.Request{}
	if err := parse(m, asked); err != nil {
		return err
	}
	move, lost, err := decide(string(asked.State))
	if err != nil {
		if failed := wire.write(message{code: leave}); failed != nil { // so that nobody waits for our return
			return failed
		}
		return err
	}
	if lost && b.resigns {
		log.Printf("resigned in turn %d", asked.Number)
		return wire.write(message{code: resignation})
	}
	return say(wire, decision, &pb.Decision{Number: asked.Number, Decision: []byte(move)})
}

func hearNotTaken(m message) error {
	told := &pb.NotTaken{}
	if err := parse(m, told); err != nil {
		return err
	}
	late := time.Duration(told.LateUs) * time.Microsecond
	log.Printf("not taken: turn %d, %v, %v late", told.Number, told.Cause, late)
	return nil
}

// hearBasic takes one message of the basic wire, and returns that the match has ended, once it has.
func (b *bot) hearBasic(wire framing, m message) (outcome string, err error) {
	switch {
	case m.code == over:
		return "the match is over, or there was no place", nil
	case m.code>>8 == basicRequest:
		move, _, err := decide(string(m.body))
		if err != nil {
			return "", err
		}
		return "", wire.write(message{basicDecision, []byte(move)})
	}
	return "", nil
}

func say(wire framing, what code, body proto.Message) error {
	raw, err := proto.Marshal(body)
	if err != nil {
		return err
	}
	return wire.write(message{what, raw})
}

func parse(m message, into proto.Message) error {
	if err := proto.Unmarshal(m.body, into); err != nil {
		return fmt.Errorf("the broker sent %04X with a body that is none: %v", uint16(m.code), err)
	}
	return nil
}
