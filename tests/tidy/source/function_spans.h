#pragma once

#include <string>
#include <vector>

namespace sluice::tidy {

// Where a function with a body stands; lines count from 1, both ends belong to it.
struct FunctionSpan {
  std::string head;  // What stands before the body, on one line.
  int first_line = 0;
  int last_line = 0;
};

// Finds the functions of C++ source by counting braces: those at namespace or class level, with
// constructors, operators, TEST(...) bodies and lambdas in initializers. What is nested in a
// function (lambdas, local classes) counts as part of it.
// `code` is MaskedSource::code. Braces that only one branch of an #if holds confuse it.
std::vector<FunctionSpan> FindFunctions(const std::string& code);

}  // namespace sluice::tidy
