package main

import (
	"fmt"
	"strconv"
	"strings"
)

// decide plays nim: players take from one heap in turn, and who takes the last piece wins. A state is the heaps' sizes,
// such as "3 4 5"; a decision is a heap, counted from 0, and how many to take from it, such as "0 2". It says also
// whether an opponent without fault wins against us.
func decide(state string) (decision string, lost bool, err error) {
	var heaps []int
	sum := 0 // of all heaps, without carry: who leaves 0 behind wins
	for _, field := range strings.Fields(state) {
		heap, err := strconv.Atoi(field)
		if err != nil {
			return "", false, fmt.Errorf("no state of nim: %w", err)
		}
		heaps = append(heaps, heap)
		sum ^= heap
	}
	for i, heap := range heaps {
		if heap^sum < heap {
			return fmt.Sprintf("%d %d", i, heap-(heap^sum)), false, nil
		}
	}
	for i, heap := range heaps {
		if heap > 0 {
			return fmt.Sprintf("%d 1", i), true, nil
		}
	}
	return "", false, fmt.Errorf("no state of nim: nothing is left to take")
}
