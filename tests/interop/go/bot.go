package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"time"

	"example.org/nimbot/pb"
)

const (
	patience      = 30 * time.Second // how long to try to reach a broker that is not there yet
	shortestPause = 100 * time.Millisecond
	longestPause  = 2 * time.Second
)

// A bot plays one match, over as many connections as it takes.
type bot struct {
	address string
	framing func(io.ReadWriter) framing
	name    string
	match   string // whom to meet; empty: the lobby
	resigns bool   // gives up a match that is lost

	reached bool        // a broker has answered on the latest connection
	welcome *pb.Welcome // the latest one
	key     string      // what to come back with; empty: as a new bot
	started bool        // the match has begun, as far as we know
}

// play comes back after each lost connection, and returns how the match ended.
func (b *bot) play() (outcome string, err error) {
	pause, giveUp := shortestPause, time.Now().Add(patience)
	for {
		outcome, err = b.converse()
		if err == nil {
			return outcome, nil
		}
		if b.reached {
			pause, giveUp = shortestPause, time.Now().Add(b.mayStayAway())
		}
		var refused *refusedError
		switch {
		case errors.As(err, &refused) && refused.Code == "unknown-key" && !b.started:
			b.key = "" // the match had not begun when the connection was lost: our place is lost with it
		case errors.As(err, &refused) && refused.RetryAfterMs != nil:
			b.key, b.started = "", false
			pause, giveUp = milliseconds(*refused.RetryAfterMs), time.Now().Add(patience)
		case !isLost(err):
			return "", err
		case b.reached && b.welcome == nil:
			return "", fmt.Errorf("the match was lost on the basic wire, which takes nobody back: %w", err)
		case time.Now().Add(pause).After(giveUp):
			return "", fmt.Errorf("gave up: %w", err)
		}
		log.Printf("lost: %v; trying again in %v", err, pause)
		time.Sleep(pause)
		if pause *= 2; pause > longestPause {
			pause = longestPause
		}
	}
}

// mayStayAway tells how long we may take to come back, now that a connection is lost.
func (b *bot) mayStayAway() time.Duration {
	if b.started {
		return milliseconds(b.welcome.ResumeGraceMs)
	}
	return patience
}

// converse holds one connection, and returns how the match ended. The first answer tells which wire the broker speaks.
func (b *bot) converse() (outcome string, err error) {
	b.reached = false
	conn, err := net.DialTimeout("tcp", b.address, patience)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	wire := b.framing(conn)
	if err := b.greet(wire); err != nil {
		return "", err
	}
	m, err := wire.read()
	if err != nil {
		return "", err
	}
	b.reached = true
	hear := b.hearBasic
	if m.code == welcome || m.code == refusal {
		hear = b.hear
	}
	for {
		outcome, err = hear(wire, m)
		if outcome != "" || err != nil {
			return outcome, err
		}
		if m, err = wire.read(); err != nil {
			return "", err
		}
	}
}

// greet sends the hello, and the bot info that a basic broker needs behind it.
func (b *bot) greet(wire framing) error {
	hello := &pb.Hello{Protocol: 1, Name: b.name, Match: b.match, ResumeKey: b.key, Client: "nimbot in Go"}
	hello.Token = os.Getenv("BITBROKER_TOKEN") // who we are, for a broker with a roster
	if err := say(wire, botHello, hello); err != nil {
		return err
	}
	return say(wire, basicBotInfo, &pb.InitialMessageProto{BotName: b.name})
}

// A refusedError is a broker's last word.
type refusedError struct{ *pb.Refusal }

func (r *refusedError) Error() string { return fmt.Sprintf("refused: %s: %s", r.Code, r.Message) }

// isLost tells whether an error is the connection's, which another connection may mend.
func isLost(err error) bool {
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
}

func milliseconds(n uint32) time.Duration { return time.Duration(n) * time.Millisecond }
