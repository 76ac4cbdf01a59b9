@NullMarked
package dev.sluice.examples.spring;

import org.jspecify.annotations.NullMarked;
