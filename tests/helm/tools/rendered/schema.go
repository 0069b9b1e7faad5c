package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
)

type schema = map[string]any

func readSchema(file string) (schema, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var read schema
	if err := json.Unmarshal(text, &read); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return read, nil
}

func checkClosed(file string) error {
	read, err := readSchema(file)
	if err != nil {
		return err
	}
	open := openObjects(read, "#")
	if len(open) > 0 {
		return fmt.Errorf("%s takes any key, without a description that says why, at\n  %s", file,
			strings.Join(open, "\n  "))
	}
	return nil
}

// openObjects returns where a schema lets unknown keys pass. A map of given values is closed enough;
// one of any values has to say what it is.
func openObjects(node any, path string) []string {
	var open []string
	switch value := node.(type) {
	case schema:
		_, isDescribed := value["description"].(string)
		additional, isSet := value["additionalProperties"]
		isAny := !isSet || additional == true
		if value["type"] == "object" && isAny && !isDescribed {
			open = append(open, path)
		}
		for key, child := range value {
			open = append(open, openObjects(child, path+"/"+key)...)
		}
	case []any:
		for index, child := range value {
			open = append(open, openObjects(child, fmt.Sprintf("%s/%d", path, index))...)
		}
	}
	sort.Strings(open)
	return open
}

func printKeys(file, name string) error {
	read, err := readSchema(file)
	if err != nil {
		return err
	}
	property, _ := read["properties"].(schema)[name].(schema)
	keys, isObject := property["properties"].(schema)
	if !isObject {
		return fmt.Errorf("%s has no object %q", file, name)
	}
	for key := range keys {
		fmt.Println(key)
	}
	return nil
}
